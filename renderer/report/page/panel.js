// The panel under a line: what holds, the five decisions, their forms, and the history.
let current = null; // { line, detail } as shown
let form = "";
let formAbout = null; // what the open form is about: see asShown
let isBusy = false; // something is handed in, and not answered yet
const done = []; // decisions of this tab, for undo

const moment = (at) => at.slice(0, 16).replace("T", " ");
const historyOf = (line, detail) => (detail.history || [detail.decision].filter(Boolean)).concat(live ? [] : shelf.of(line));
const lapsedOf = (line, history) => (live ? [] : shelf.of(line, shelf.lapsed()).filter((one) => !history.some((known) => known.id === one.id)));
const deed = (one) => (one.undoes ? `undid: ${CHOICES[one.choice].did}` : CHOICES[one.choice].did);

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
  showBusy();
}

const linkButton = (name, label, act) => make("button", { type: "button", class: "link", "aria-label": label, on: { click: act } }, name);
const undoButton = (decision) => linkButton("Undo", `Undo: ${deed(decision)}`, () => takeBack(decision));
const forgetButton = (decision) => linkButton("Forget", `Forget: ${deed(decision)}`, () => { forget([decision]); refresh({ keepScroll: true }); tryRenew(chosen); byId("list").focus(); });

function historyBlock(line, detail) {
  const history = historyOf(line, detail);
  const lapsed = lapsedOf(line, history);
  if (!history.length && !lapsed.length) return "";
  const undone = new Set(history.map((one) => one.undoes));
  const open = new Set(undoable(history));
  const isKeptUndo = (one) => !one.sequence && one.undoes;
  const entry = (one) => make("li", { class: undone.has(one.id) ? "undone" : null },
    make("span", { class: "when mono" }, moment(one.at)), " ", said(one.who), ` ${deed(one)}`,
    one.render_key !== line.render && !one.undoes && make("span", { class: "muted" }, " (of an earlier take)"), undone.has(one.id) && make("span", { class: "muted" }, " (undone)"),
    lapsed.includes(one) && make("span", { class: "muted" }, " (lapsed: not exported)"),
    " ", open.has(one) && undoButton(one), (lapsed.includes(one) || isKeptUndo(one)) && forgetButton(one),
    describeChange(one.change) && make("div", {}, describeChange(one.change)), one.note && make("div", { class: "muted" }, "“", said(one.note), "”"));
  return make("section", { class: "block", "aria-label": "History" }, make("h3", {}, "History"), make("ol", { class: "history" }, [...lapsed, ...history].reverse().map(entry)));
}

function dropForm() {
  form = "";
  formAbout = null;
}

function closeForm() {
  dropForm();
  byId("decide-form")?.replaceChildren();
  warn("");
  if (!current) return;
  showPanel();
  renewIfOther(current.line);
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
  if (!current || isBusy) return;
  const why = whyNot(choice, current.line);
  warn(why);
  if (why) return;
  if (choice === "approve" && (live || reviewer())) { submit(choice); return; }
  form = choice;
  formAbout = asShown(current);
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
  if (isBusy) return;
  const { wrong, note, change, file } = form ? readForm(choice) : { note: "", change: {} };
  warn(wrong);
  if (wrong) return;
  const next = afterThis(line);
  const about = formAbout || asShown(shownNow);
  let isLost = false;
  setBusy(true);
  try {
    const [reviewed] = choice === "replace" ? await handIn(about, file, note) : await decide(choice, [about], { note, change });
    if (reviewed.reception === "conflict") { await seeConflict(line, reviewed.message); return; }
    if (reviewed.reception === "refused") { warnOf(line, reviewed.message); return; }
    done.push(reviewed.decision);
    if (chosen === line) closeForm();
    refresh({ keepScroll: true });
    if (byId("advance").checked && choice !== "retake" && choice !== "replace" && next && chosen === line) choose(next);
    else await tryRenew(line);
    tell(`${CHOICES[choice].name}: `, said(line.id), ". u undoes it.");
  } catch (error) { warnOf(line, error.message); isLost = true; } finally {
    setBusy(false);
    if (chosen && !isLost) renewIfOther(chosen); // what came meanwhile
  }
}

async function handIn({ line, render, decided }, file, text) {
  const { id, ...plain } = withId({ locale: line.locale, line_id: line.id, render_key: render, decided, note: text, choice: "replace", file: [file.name, file.size, file.lastModified] });
  delete plain.file;
  const { reviewed } = await askServer(`api/recording?${new URLSearchParams({ id, ...plain })}`, { method: "POST", body: file });
  hear(reviewed);
  return reviewed;
}

function setBusy(isNow) {
  isBusy = isNow;
  showBusy();
}

function showBusy() {
  byId("decide")?.setAttribute("aria-busy", String(isBusy));
  byId("decide")?.querySelectorAll("button").forEach((button) => { button.disabled = isBusy; });
}

// Beside the line it is about, when that one is in sight.
function warnOf(line, message) {
  if (chosen === line) warn(message);
  else tell(said(line.id), ": ", said(message));
}

// Somebody else was quicker: what is typed stays, what came is shown, and it may be handed in again.
async function seeConflict(line, message) {
  await renew(line);
  if (chosen === line && form && current) formAbout = asShown(current);
  warnOf(line, `${message[0].toUpperCase()}${message.slice(1)}. Your decision was not recorded. Look and listen; to decide all the same, hand yours in again.`);
}

async function takeBack(decision) {
  if (isBusy) return;
  const line = byKey.get(keyOf(decision.locale, decision.line_id));
  setBusy(true);
  try {
    await undo(decision);
    dropDone(decision.id);
    refresh({ keepScroll: true });
    if (line && chosen === line) await tryRenew(line);
    else if (line) choose(line);
    tell("Undone: ", said(decision.line_id), ".");
  } catch (error) { await seeUndoFail(decision, line, error); } finally { setBusy(false); }
}

// What cannot be undone any more is not tried again.
async function seeUndoFail({ id, line_id }, line, error) {
  let { message } = error;
  try {
    const detail = line ? await detailOf(line) : { history: [] };
    if (line) learn(line, detail);
    if (standing(detail.history || []).every((one) => one.id !== id)) { dropDone(id); message = "It is undone already. Look at the line's history."; }
    if (line && chosen === line) await renew(line);
  } catch { /* the server is away: it stays, to be undone later */ }
  if (line && chosen === line) warn(message);
  tell(said(line_id), ": ", said(message));
}

function dropDone(id) {
  const at = done.findIndex((one) => one.id === id);
  if (at >= 0) done.splice(at, 1);
}

function undoLast() {
  const own = done.at(-1);
  const history = current ? historyOf(current.line, current.detail) : [];
  const held = current && holding(current.line, history);
  if (own || held) takeBack(own || held);
  else tell(undoable(history).length ? "Nothing holds here. What was decided before is undone in the history." : "There is nothing to undo.");
}

// The next line that waits for a decision.
function afterThis(line) {
  const isOpen = (one) => !one.decision && one.group !== "approved" && one.group !== "pending";
  const at = shown.indexOf(line);
  return shown.slice(at + 1).find(isOpen) || shown.slice(0, Math.max(0, at)).find(isOpen) || null;
}

// What the server says of a line now holds for its row, too.
function learn(line, detail) {
  if (!live) return;
  line.decided = detail.decided;
  line.decision = detail.decision?.choice || "";
  if (detail.take) line.render = detail.take.key;
}

// Brings the line in sight up to date: all of it when its take is another one, else what was decided.
// A form that is open stays, and is about what was shown when it was opened.
async function renew(line) {
  if (chosen !== line) return;
  const detail = await detailOf(line);
  if (chosen !== line || !current) return;
  learn(line, detail);
  const isSame = current.detail.take?.key === detail.take?.key && current.detail.take?.status === detail.take?.status;
  if (isSame) {
    current = { line, detail };
    showPanel();
    byId("history").replaceChildren(historyBlock(line, detail));
  } else { silence(); showDetail(line, detail); }
  if (form && !isBusy) warn(whatCame(detail));
}

async function tryRenew(line) {
  try { await renew(line); } catch (error) { warnOf(line, error.message); }
}

// What changed since the open form was opened; "" for nothing.
function whatCame(detail) {
  if ((detail.take?.key || "") !== formAbout.render) return "Another take has come; it is shown now. What you typed stays: listen, then hand it in.";
  if (detail.decided === formAbout.decided) return "";
  const last = historyOf(formAbout.line, detail).at(-1);
  return `${last ? `${last.who} ${deed(last)}${last.note ? ` (${last.note})` : ""}` : "Somebody decided"} meanwhile. What you typed stays: look, then hand it in.`;
}
