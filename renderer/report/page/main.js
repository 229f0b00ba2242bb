// The state in the address, and how everything hangs together.
function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(filter)) filter[name] = asked.get(name) || "";
  if (filter.group && !tables.groups.includes(filter.group)) filter.group = "";
  const [locale, ...id] = (asked.get("line") || "").split("/");
  return lines.find((line) => line.locale === locale && line.id === id.join("/")) || null;
}

function writeAddress() {
  const state = new URLSearchParams();
  if (chosen) state.set("line", `${chosen.locale}/${chosen.id}`);
  for (const [name, value] of Object.entries(filter)) if (value) state.set(name, value);
  const hash = `#${state}`;
  if (location.hash !== hash && (state.size || location.hash)) history.replaceState(null, "", hash);
  document.title = chosen ? `${chosen.id} · ${boot.project}` : `${boot.project} · voice report`;
}

function refresh({ keepScroll = false, isQuiet = false } = {}) {
  showFilters(applyFilter(), change);
  const at = shown.indexOf(chosen);
  byId("rows").style.height = `${shown.length * ROW_HEIGHT}px`;
  if (!keepScroll) byId("list").scrollTop = 0;
  if (at >= 0 && !isQuiet) bringIntoSight(at);
  showRows();
  writeAddress();
  if (!live) showExport();
}

function change(name, value) {
  const focused = document.activeElement?.id;
  if (name === null) for (const key of Object.keys(filter)) filter[key] = key === "sort" ? filter.sort : "";
  else filter[name] = value;
  refresh();
  if (focused) (byId(focused) || byId("list")).focus();
}

function home() {
  chosen = null;
  current = null;
  dropForm();
  silence();
  byId("detail").hidden = true;
  byId("overview").hidden = false;
  showRows();
  writeAddress();
}

async function choose(line, { isPlayed = byId("autoplay").checked } = {}) {
  if (line === chosen) return;
  chosen = line;
  current = null;
  dropForm();
  silence();
  const at = shown.indexOf(line);
  if (at >= 0) bringIntoSight(at);
  showRows();
  writeAddress();
  byId("overview").hidden = true;
  byId("detail").hidden = false;
  byId("pane").scrollTop = 0;
  try {
    const detail = await detailOf(line);
    if (chosen !== line) return;
    silence();
    learn(line, detail);
    showDetail(line, detail);
    if (isPlayed) players[0]?.play();
  } catch (error) {
    if (chosen !== line) return;
    byId("detail").replaceChildren(head(line, null), make("p", { class: "callout error", role: "alert" },
      said(error.message), live ? "" : ". Keep the files of the report together, or write it again with barkline report."));
  }
}

function move(by) {
  if (!shown.length) return;
  const at = shown.indexOf(chosen);
  const from = at < 0 && Number.isFinite(by) ? (by > 0 ? -1 : 0) : at;
  choose(shown[Math.min(shown.length - 1, Math.max(0, from + by))]);
}

function nextProblem() {
  const at = shown.indexOf(chosen);
  const next = shown.slice(at + 1).find((line) => line.group !== "approved" || line.flags.includes("stale translation") || line.flags.includes("unpublishable"));
  if (next) choose(next);
}

const asDecisions = (number) => `${count(number)} ${number === 1 ? "decision" : "decisions"}`;

function showExport() {
  const { length } = shelf.fresh();
  byId("export").hidden = length === 0;
  byId("export").textContent = `Export ${asDecisions(length)}`;
  const lapsed = shelf.lapsed();
  byId("lapsed").hidden = lapsed.length === 0;
  byId("lapsed").replaceChildren(`${count(lapsed.length)} kept ${lapsed.length === 1 ? "decision is" : "decisions are"} not exported: recorded by now, or of a take or line that is gone. `,
    make("button", { type: "button", class: "link", on: { click: () => { forget(shelf.lapsed()); refresh({ keepScroll: true }); if (chosen) tryRenew(chosen); byId("list").focus(); } } }, "Forget"));
  byId("connection").hidden = !shelf.problem;
  byId("connection").textContent = shelf.problem;
}

function remember(name, box, atFirst = "0") {
  try { box.checked = (localStorage.getItem(name) ?? atFirst) === "1"; } catch { /* storage is off: the box stays as it is */ }
  box.addEventListener("change", () => { try { localStorage.setItem(name, box.checked ? "1" : "0"); } catch { /* as above */ } });
}

async function start() {
  try {
    await loadLines();
  } catch (error) {
    byId("rows").append(make("p", { class: "empty", role: "alert" }, live ? error.message : `${error.message}. Keep the files of the report together.`));
    return;
  }
  shelf.open();
  showDecidedHere(shelf.kept);
  buildFilters(change);
  buildList((line) => { choose(line); byId("list").focus({ preventScroll: true }); });
  buildHelp();
  const pick = (which) => players.filter((player) => player.isTake)[which];
  buildKeyboard({
    move, home, nextProblem,
    attempt: (number) => { const player = players.find((one) => one.attempt === number); if (player) { player.seek(0); player.play(); } },
    play: (which) => { const player = pick(which); if (player) { player.seek(0); player.play(); } },
    toggle: () => (active || players[0])?.toggle(),
    nudge: (by) => { const player = active || players[0]; if (player) player.seek(player.audio.currentTime + by); },
  });
  remember("barkline-autoplay", byId("autoplay"));
  remember("barkline-advance", byId("advance"), "1");
  byId("export")?.addEventListener("click", exportDecisions);
  byId("recount")?.addEventListener("click", () => { location.hash = ""; location.reload(); });
  byId("search").addEventListener("input", (event) => { filter.q = event.target.value; refresh(); });
  byId("overview").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-filter]");
    if (button) { change(null); change(button.dataset.filter, button.dataset.value); }
  });
  document.querySelector("[data-home]").addEventListener("click", home);
  document.querySelector("[data-skip]").addEventListener("click", (event) => { event.preventDefault(); byId("list").focus(); });
  const followAddress = () => { const line = readAddress(); refresh(); if (line) { chosen = null; choose(line, { isPlayed: false }); } else home(); };
  window.addEventListener("hashchange", followAddress);
  followAddress();
  listen();
  document.documentElement.dataset.ready = "true";
}

start();
