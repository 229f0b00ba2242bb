// One line in full.
const PROSODY = {
  rate: ["rate", "×"], pitch_st: ["pitch", "st"], pitch_range: ["pitch range", "×"],
  energy_db: ["energy", "dB"], pause_before_s: ["pause before", "s"], pause_after_s: ["pause after", "s"],
};
const SIGNED = new Set(["pitch_st", "energy_db"]);

const requests = (prosody) => Object.entries(PROSODY).filter(([name]) => Object.hasOwn(prosody, name)).map(([name, [label, unit]]) => {
  const sign = SIGNED.has(name) && prosody[name] > 0 ? "+" : "";
  return `${label} ${unit === "×" ? `× ${figure(prosody[name])}` : `${sign}${figure(prosody[name], unit)}`}`;
});

const facts = (pairs) => make("dl", { class: "facts-list" }, pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined)
  .map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value instanceof Node ? value : said(value)))));

function head(line, detail) {
  const chip = make("span", { class: `chip ${line.group}` }, make("i", { class: `mark mark-${line.group}`, "aria-hidden": "true" }), line.status);
  return make("div", { class: "head" },
    make("div", { class: "facts" }, chip, line.flags.map((flag) => make("span", { class: "chip flag" }, flag)),
      said(line.id, { class: "id" }), make("span", {}, line.locale), said(line.characterName), line.scene && said(line.scene), detail?.origin && said(detail.origin, { class: "mono" })),
    make("h2", { class: "speech", dir: "auto", lang: line.locale, id: "line-title", "data-long": line.text.length > 160 }, line.text),
    detail && directionChips(detail.direction), detail?.notes && make("p", { class: "note" }, "Note: ", said(detail.notes)));
}

function directionChips({ emotion, intensity, delivery, prosody }) {
  const meter = make("span", { class: "meter", role: "img", "aria-label": "intensity" }, make("i", { style: { width: `${100 * Math.min(1, Number(intensity) || 0)}%` } }));
  return make("div", { class: "chips", role: "group", "aria-label": "Direction" },
    make("span", { class: "chip" }, emotion, emotion !== "neutral" && [meter, figure(intensity)]),
    make("span", { class: "chip" }, `${delivery} delivery`), requests(prosody).map((text) => make("span", { class: "chip" }, text)));
}

const phoneEdit = (edit) => `${isolated(edit.phone)}${edit.occurrence > 1 ? ` (${edit.occurrence})` : ""}: ${requests(edit.prosody).join(" ")}`;

function wordEdits(line, edits) {
  if (!edits.length) return null;
  const row = (edit) => make("tr", {}, make("td", { lang: line.locale }, said(edit.word), edit.occurrence > 1 && ` (${edit.occurrence})`),
    make("td", {}, edit.emphasis === "none" ? "–" : edit.emphasis), make("td", {}, requests(edit.prosody).concat(edit.phones.map(phoneEdit)).join(", ") || "–"),
    make("td", { class: "mono" }, edit.phonemes ? said(edit.phonemes) : "–"));
  return table(["Word", "Emphasis", "Prosody", "Phonemes"], edits.map(row));
}

const table = (heads, rows, attributes = {}) => make("div", { class: "scroll" }, make("table", attributes,
  make("thead", {}, make("tr", {}, heads.map((name) => make("th", { scope: "col", class: NUMBERS.has(name) ? "number" : null }, name)))), make("tbody", {}, rows)));
const NUMBERS = new Set(["Value", "Limit"]);

function scriptBlock(line, detail) {
  const edits = wordEdits(line, detail.direction.words);
  const extra = [["As written", detail.written !== line.text ? detail.written : ""], ["Tags", detail.tags.join(", ")],
    ["Earlier ids", detail.was.join(", ")], ["Retake", detail.seed || ""], ["Homographs", detail.hints.map(([word, hint]) => `${word} → ${hint}`).join(", ")]];
  if (!edits && extra.every(([, value]) => !value)) return "";
  return make("section", { class: "block", "aria-label": "Script" }, make("h3", {}, "Script"), edits, facts(extra));
}

function takeCard(line, take, title, label, keys) {
  const player = take.audio ? makePlayer(take.audio, Number(take.duration) || 0, label) : null;
  if (player) player.isTake = true;
  return make("section", { class: "take", "aria-label": title },
    make("header", {}, make("h3", {}, title), keys && make("kbd", {}, keys), take.attempt > 1 && make("span", { class: "muted" }, `attempt ${take.attempt}`)),
    take.error && make("p", { class: "callout error" }, said(take.error)),
    player ? player.root : make("p", { class: "muted" }, "There is no sound to play."),
    take.text && take.text !== line.text && make("p", { class: "callout" }, "This take says: ", said(take.text, { lang: line.locale })),
    graph(take, player, line.locale),
    facts([["Voice", take.voice], ["Length", take.duration ? figure(take.duration, "s") : ""], ["Loudness", take.lufs === null ? "" : figure(take.lufs, "LUFS")], ["True peak", take.dbtp === null ? "" : figure(take.dbtp, "dBTP")],
      ["Finished", take.finished.slice(0, 19).replace("T", " ")], ["Key", make("span", { class: "mono", title: take.key }, take.key.slice(0, 12))]]));
}

const OUTCOMES = { fail: "fail", error: "err", pass: "pass", inconclusive: "muted" };

function findingRow(finding, player) {
  const limit = finding.limit === null ? "–" : `${{ "<=": "≤ ", ">=": "≥ " }[finding.relation] || ""}${figure(finding.limit, finding.unit)}`;
  const where = typeof finding.start === "number" && (player
    ? make("button", { type: "button", class: "link", on: { click: () => { player.seek(finding.start - 0.15); player.play(); } } }, `at ${clock(finding.start)}`)
    : `at ${clock(finding.start)}`);
  return make("tr", {}, make("th", { scope: "row" }, words(finding.check)), make("td", { class: OUTCOMES[finding.outcome] }, finding.outcome),
    make("td", { class: "number" }, figure(finding.value, finding.unit)), make("td", { class: "number" }, limit),
    make("td", {}, said(finding.message), where && [" ", where], finding.hint && make("div", { class: "muted" }, "Try: ", said(finding.hint)),
      (finding.outcome === "fail" || finding.outcome === "error") && make("button", { type: "button", class: "link", on: { click: () => openDecision("retake", cureOf([finding.check])) } }, "Retake…")));
}

function findingsBlock(take, player) {
  const rows = (findings) => table(["Check", "Result", "Value", "Limit", "What it means"], findings.map((finding) => findingRow(finding, player)), { class: "findings" });
  const bad = take.findings.filter((finding) => finding.outcome === "fail" || finding.outcome === "error");
  const rest = take.findings.filter((finding) => !bad.includes(finding));
  const passed = rest.filter((finding) => finding.outcome === "pass").length;
  const title = `${count(passed)} passed${rest.length > passed ? `, ${count(rest.length - passed)} inconclusive` : ""}`;
  return make("section", { class: "block", "aria-label": "Findings" }, make("h3", {}, "Findings"),
    !take.findings.length && make("p", { class: "muted" }, "The gate has not looked at this take."), bad.length > 0 && rows(bad),
    rest.length > 0 && make("details", { open: bad.length === 0 }, make("summary", {}, title), rows(rest)));
}

function triedBlock(take) {
  const isHeard = take.tried.some((attempt) => attempt.audio);
  if (take.tried.length < 2 && !isHeard) return null;
  return make("section", { class: "block", "aria-label": "Attempts" }, make("h3", {}, "What was tried"),
    table(["Attempt", "Changed", "Verdict", "Failed checks", ...(isHeard ? ["Sound"] : [])], take.tried.map((attempt) => make("tr", {},
      make("td", {}, attempt.number, attempt.number === take.attempt && " · kept"), make("td", {}, said(attempt.change || "as asked")),
      make("td", { class: { approved: "pass", rejected: "fail", error: "err" }[attempt.decision] }, attempt.decision),
      make("td", {}, attempt.failed.map((finding) => `${words(finding.check)} ${figure(finding.value, finding.unit)}`).join(", ") || "–"),
      isHeard && make("td", {}, attempt.audio ? attemptPlayer(attempt) : "–")))));
}

function attemptPlayer(attempt) {
  const player = makePlayer(attempt.audio, 0, `attempt ${attempt.number}`);
  player.attempt = attempt.number;
  return player.root;
}

function showDetail(line, detail) {
  const { take, previous } = detail;
  const others = detail.others || [];
  current = { line, detail };
  const cards = [take && takeCard(line, take, "Current take", "the current take", previous && "a"),
    previous && takeCard(line, previous, "Previous approved take", "the previous approved take", "b"),
    ...others.map((other, at) => takeCard(line, other, "Earlier take", `earlier take ${at + 1}`, ["b", "c"][at + (previous ? 1 : 0)] || ""))].filter(Boolean);
  const player = take?.audio ? players[0] : null;
  const panel = (form && byId("decide")) || panelBlock();
  if (panel.isConnected) while (panel.previousSibling) panel.previousSibling.remove();
  else byId("detail").replaceChildren(panel);
  panel.before(head(line, detail),
    ...[line.flags.includes("stale translation") && "The source text changed after this translation was made. Translate it again, or confirm it.",
      detail.unpublishable && ["This voice may not be published: ", said(detail.unpublishable)],
      line.flags.includes("frozen") && "Frozen: this line keeps its take whatever changes around it.",
      line.flags.includes("recorded") && "A recording replaces the synthetic take.",
      !take && "This line has not been rendered yet."].filter(Boolean).map((note) => make("p", { class: "callout" }, note)),
    cards.length ? make("div", { class: cards.length > 1 ? "takes two" : "takes" }, cards) : "",
    take ? findingsBlock(take, player) : "", (take && triedBlock(take)) || "", scriptBlock(line, detail),
    make("div", { id: "history" }, historyBlock(line, detail)));
  showPanel();
}
