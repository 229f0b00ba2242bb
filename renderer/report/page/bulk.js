// Many lines at once: marks in the list, and one decision for all of them.
const marks = new Set();
const bulk = { choice: "", heard: new Map(), change: {}, progress: "", message: "" }; // the form that is open, and what is under way

function mark(line, isOn = !marks.has(line.key)) {
  if (isOn) marks.add(line.key);
  else marks.delete(line.key);
}

function markShown() {
  const isAll = shown.every((line) => marks.has(line.key));
  for (const line of shown) mark(line, !isAll);
  showBulk();
  showRows();
}

const markedLines = () => lines.filter((line) => marks.has(line.key));
const asMany = (number) => `${count(number)} ${number === 1 ? "line" : "lines"}`;

// Row, form and message one after the other; a form that is open stays with what is typed.
function showBulk() {
  const { size } = marks;
  const { choice, progress, message } = bulk;
  byId("bulk").hidden = !size && !message && !progress && !choice;
  const disabled = progress !== "";
  const button = (each) => make("button", { type: "button", disabled, on: { click: () => startBulk(each) } }, CHOICES[each].name);
  const unmark = () => { marks.clear(); closeBulk(); bulk.message = ""; showBulk(); showRows(); byId("list").focus(); };
  byId("bulk-row").replaceChildren(make("strong", { role: "status" }, progress || `${count(size)} marked`),
    ...(size ? ["approve", "waive", "retake", "return"].map(button) : []), make("button", { type: "button", class: "link", disabled, on: { click: unmark } }, "Unmark"));
  byId("bulk-message").replaceChildren(message ? make("p", { class: "callout", role: "alert" }, said(message)) : "");
  const hand = byId("bulk-hand");
  if (hand) { hand.textContent = `${CHOICES[choice].name} ${asMany(size)}`; hand.disabled = disabled || !size; }
}

function closeBulk() {
  bulk.choice = "";
  byId("bulk-form").replaceChildren();
}

function startBulk(choice) {
  const { note, isNoteAsked, name } = CHOICES[choice];
  const isAgain = choice === bulk.choice;
  if (!isAgain) Object.assign(bulk, { choice, change: choice === "retake" ? { seed: 1 + Math.floor(Math.random() * 1e6) } : {}, heard: new Map(markedLines().map((line) => [line.key, asListed(line)])) });
  bulk.message = "";
  if (!note || choice === "retake") { byId("bulk-form").replaceChildren(); submitBulk(""); return; }
  if (isAgain) { byId("bulk-note").focus(); return; }
  const box = make("textarea", { id: "bulk-note", rows: 2, maxlength: MOST_NOTE, required: isNoteAsked, dir: "auto" });
  byId("bulk-form").replaceChildren(make("form", { class: "decision-form", "aria-label": `${name} all marked lines`, novalidate: true, on: { submit: (event) => {
    event.preventDefault();
    if (!box.value.trim()) { box.focus(); return; }
    submitBulk(box.value.trim());
  } } }, make("div", { class: "field wide" }, make("label", { for: "bulk-note" }, note), box),
  make("div", { class: "form-end" }, make("button", { type: "submit", class: "primary", id: "bulk-hand" }), make("button", { type: "button", on: { click: () => { closeBulk(); showBulk(); byId("list").focus(); } } }, "Cancel"))));
  showBulk();
  box.focus();
}

// What was marked is decided as it was when the form was opened; a line marked since, as it is now.
async function submitBulk(note) {
  if (bulk.progress) return;
  const { choice, heard, change } = bulk;
  const { name } = CHOICES[choice];
  const marked = markedLines();
  const able = marked.filter((line) => !whyNot(choice, line));
  const barred = marked.filter((line) => whyNot(choice, line));
  const problems = barred.length ? [`${asMany(barred.length)} left out: ${whyNot(choice, barred[0])}`] : [];
  const tally = { answered: 0, taken: 0, conflict: [], refused: [] };
  const say = () => { bulk.progress = `${name}: ${count(tally.answered)} of ${count(able.length)}`; showBulk(); };
  let isLeft = false;
  say();
  try {
    await decide(choice, able.map((line) => heard.get(line.key) || asListed(line)), { note, change, each: (reviewed) => { takeAnswers(reviewed, tally); say(); } });
  } catch (error) { problems.push(error.message); isLeft = true; }
  const { taken, conflict, refused } = tally;
  if (conflict.length) await fetchLines().catch(() => {});
  if (conflict.length) problems.push(`${asMany(conflict.length)} not changed, somebody was quicker: ${conflict[0].message}. To decide all the same, hand it in again.`);
  if (refused.length) problems.push(`${asMany(refused.length)} not taken: ${refused[0].message}`);
  if (taken) tell(`${name}: ${asMany(taken)}. u undoes them one by one.`);
  Object.assign(bulk, { progress: "", message: problems.join(" ") });
  if (!isLeft && !(byId("bulk-note") && conflict.length + refused.length)) closeBulk();
  showBulk();
  refresh({ keepScroll: true });
  if (chosen) tryRenew(chosen);
}

// Marks go from lines that are decided about, and stay on the others, to be looked at.
function takeAnswers(reviewed, tally) {
  tally.answered += reviewed.length;
  for (const one of reviewed) {
    const line = byKey.get(keyOf(one.decision.locale, one.decision.line_id));
    if (line) bulk.heard.delete(line.key); // from here on it is decided as it is listed
    if (one.reception === "conflict" || one.reception === "refused") { tally[one.reception].push(one); continue; }
    tally.taken += 1;
    if (line) marks.delete(line.key);
    done.push(one.decision);
  }
}
