// The panel under a line: what holds, the five decisions, their forms, and the history.
let current = null; // { line, detail } as shown
let form = "";
const done = []; // decisions of this tab, for undo

const moment = (at) => at.slice(0, 16).replace("T", " ");
const historyOf = (line, detail) => (detail.history || [detail.decision].filter(Boolean)).concat(live ? [] : shelf.of(line));

function tell(...message) {
  byId("told").replaceChildren(...message);
}

function warn(message) {
  byId("decide-notice")?.replaceChildren(message ? make("p", { class: "callout error" }, said(message)) : "");
}

function panelBlock() {
  return make("section", { class: "decide", id: "decide", "aria-label": "Decide" },
    make("div", { id: "decide-notice", role: "alert" }), make("div", { id: "decide-form" }),
    make("div", { class: "decide-row" }, make("div", { class: "decide-buttons", id: "decide-buttons", role: "group", "aria-label": "Decisions" }), make("p", { class: "standing", id: "standing" })));
}

function showPanel() {
  const { line, detail } = current;
  const held = holding(line, historyOf(line, detail));
  const button = (choice) => {
    const { name, key } = CHOICES[choice];
    const why = whyNot(choice, line);
    return make("button", {
      type: "button", "data-choice": choice, "aria-keyshortcuts": key, title: why || null, class: why ? "barred" : null, "aria-disabled": why ? "true" : null,
      "aria-expanded": choice === "approve" ? null : String(form === choice), on: { click: () => openDecision(choice) },
    }, name, make("kbd", { "aria-hidden": "true" }, key));
  };
  const focused = document.activeElement?.dataset?.choice;
  byId("decide-buttons").replaceChildren(...Object.keys(CHOICES).filter((choice) => live || choice !== "replace").map(button));
  if (focused) byId("decide-buttons").querySelector(`[data-choice="${focused}"]`)?.focus();
  byId("standing").replaceChildren(...(held
    ? [make("strong", {}, CHOICES[held.choice].did), " by ", said(held.who), ` · ${moment(held.at)} `, undoButton(held)]
    : [line.group === "pending" ? "Waiting for its take." : "Not decided yet."]));
}

const undoButton = (decision) => make("button", { type: "button", class: "link", on: { click: () => takeBack(decision) } }, "Undo");

function historyBlock(line, detail) {
  const history = historyOf(line, detail);
  if (!history.length) return "";
  const undone = new Set(history.map((one) => one.undoes));
  const entry = (one) => make("li", { class: undone.has(one.id) ? "undone" : null },
    make("span", { class: "when mono" }, moment(one.at)), " ", said(one.who), one.undoes ? ` undid: ${CHOICES[one.choice].did}` : ` ${CHOICES[one.choice].did}`,
    one.render_key !== line.render && !one.undoes && make("span", { class: "muted" }, " (of an earlier take)"), undone.has(one.id) && make("span", { class: "muted" }, " (undone)"),
    describeChange(one.change) && make("div", {}, describeChange(one.change)), one.note && make("div", { class: "muted" }, "“", said(one.note), "”"));
  return make("section", { class: "block", "aria-label": "History" }, make("h3", {}, "History"), make("ol", { class: "history" }, [...history].reverse().map(entry)));
}

function closeForm() {
  form = "";
  byId("decide-form")?.replaceChildren();
  if (current) showPanel();
}

function formOf(choice, { line, detail }) {
  const { name, note, isNoteAsked } = CHOICES[choice];
  const who = !live && make("div", { class: "field" }, make("label", { for: "who" }, "Your name"), make("input", {
    id: "who", type: "text", maxlength: 80, required: true, autocomplete: "name", value: reviewer(),
    on: { input: (event) => { try { localStorage.setItem("barkline-who", event.target.value.trim()); } catch { /* storage is off: asked again next time */ } } },
  }));
  return make("form", { class: "decision-form", "aria-label": name, novalidate: true, on: { submit: (event) => { event.preventDefault(); submit(choice); } } },
    choice === "retake" && retakeFields(line, detail),
    choice === "replace" && field("recording", "Recording (WAV)", make("input", { id: "recording", type: "file", accept: ".wav,audio/wav,audio/x-wav", required: true })),
    note && make("div", { class: "field wide" }, make("label", { for: "note" }, isNoteAsked ? note : `${note} (may be empty)`),
      make("textarea", { id: "note", rows: choice === "retake" ? 1 : 2, maxlength: MOST_NOTE, required: isNoteAsked, dir: "auto" })),
    who, make("div", { class: "form-end" }, make("button", { type: "submit", class: "primary" }, choice === "retake" && live ? "Render it again" : name),
      make("button", { type: "button", on: { click: () => { closeForm(); byId("list").focus(); } } }, "Cancel"), make("span", { class: "muted" }, "Ctrl + Enter hands it in, Esc closes")));
}

function openDecision(choice, focus = "") {
  if (!current) return;
  const why = whyNot(choice, current.line);
  warn(why);
  if (why) return;
  if (choice === "approve" && (live || reviewer())) { submit(choice); return; }
  form = choice;
  byId("decide-form").replaceChildren(formOf(choice, current));
  showPanel();
  const first = { retake: focus || cureOf(current.line.checks), replace: "recording", approve: "who" }[choice] || "note";
  byId(first)?.focus();
}

// What the form holds, or a word on what is wrong with it.
function readForm(choice) {
  const note = (byId("note")?.value || "").trim();
  const wrong = form && invalidField();
  if (wrong) { wrong.focus(); return { wrong: `${wrong.labels?.[0]?.textContent || "A field"}: ${wrong.validationMessage}` }; }
  if (CHOICES[choice].isNoteAsked && !note) { byId("note").focus(); return { wrong: choice === "waive" ? "A waiver needs a reason." : "Tell the writer what to change." }; }
  return { note, change: choice === "retake" ? readChange(current) : {}, file: byId("recording")?.files?.[0] };
}

async function submit(choice) {
  const shownNow = current;
  const { line } = shownNow;
  const { wrong, note, change, file } = form ? readForm(choice) : { note: "", change: {} };
  warn(wrong);
  if (wrong) return;
  const next = afterThis(line);
  setBusy(true);
  try {
    const [reviewed] = choice === "replace" ? await handIn(line, file, note) : await decide(choice, [line], { note, change });
    if (reviewed.reception === "conflict") { await seeConflict(line, reviewed.message); return; }
    if (reviewed.reception === "refused") { warn(reviewed.message); return; }
    done.push({ ...reviewed.decision, key: line.key });
    tell(`${CHOICES[choice].name}: `, said(line.id), ". u undoes it.");
    if (current === shownNow) closeForm();
    refresh({ keepScroll: true });
    if (byId("advance").checked && choice !== "retake" && choice !== "replace" && next && chosen === line) choose(next);
    else await renew(line);
  } catch (error) {
    if (current === shownNow) warn(error.message);
    else tell(said(error.message));
  } finally { setBusy(false); }
}

async function handIn(line, file, text) {
  const asked = new URLSearchParams({ id: newId(), locale: line.locale, line_id: line.id, render_key: line.render, decided: line.decided, note: text, choice: "replace" });
  const { reviewed } = await askServer(`api/recording?${asked}`, { method: "POST", body: file });
  if (reviewed[0].reception === "recorded") note(reviewed[0].decision);
  return reviewed;
}

function setBusy(isBusy) {
  byId("decide")?.setAttribute("aria-busy", String(isBusy));
  byId("decide")?.querySelectorAll("button").forEach((button) => { button.disabled = isBusy; });
}

// Somebody else was quicker: what is typed stays, what they decided is shown, and it may be handed in again.
async function seeConflict(line, message) {
  await renew(line);
  warn(`${message}. Your decision was not recorded. Look at theirs; to decide all the same, hand yours in again.`);
}

async function takeBack(decision) {
  const line = lines.find((one) => one.key === keyOf(decision.locale, decision.line_id));
  try {
    await undo(decision);
    const at = done.findIndex((one) => one.id === decision.id);
    if (at >= 0) done.splice(at, 1);
    tell("Undone: ", said(decision.line_id), ".");
    refresh({ keepScroll: true });
    if (line && chosen === line) await renew(line);
    else if (line) choose(line);
  } catch (error) { warn(error.message); tell(said(error.message)); }
}

function undoLast() {
  const own = done.at(-1);
  const held = current && holding(current.line, historyOf(current.line, current.detail));
  if (own || held) takeBack(own || held);
  else tell("There is nothing to undo.");
}

// The next line that waits for a decision.
function afterThis(line) {
  const isOpen = (one) => !one.decision && one.group !== "approved" && one.group !== "pending";
  const at = shown.indexOf(line);
  return shown.slice(at + 1).find(isOpen) || shown.slice(0, Math.max(0, at)).find(isOpen) || null;
}

// What the server says of a line now is what its next decision is made on.
function learn(line, detail) {
  if (!live) return;
  line.decided = detail.decided;
  line.decision = detail.decision?.choice || "";
  if (detail.take) line.render = detail.take.key;
}

// Brings the line in sight up to date: all of it when its take is another one, else what was decided.
async function renew(line) {
  if (chosen !== line) return;
  const detail = await detailOf(line);
  if (chosen !== line || !current) return;
  learn(line, detail);
  const isSame = current.detail.take?.key === detail.take?.key && current.detail.take?.status === detail.take?.status;
  const isTyping = form !== "";
  if (!isSame && !isTyping) { silence(); showDetail(line, detail); return; }
  current = { line, detail };
  showPanel();
  byId("history").replaceChildren(historyBlock(line, detail));
}
