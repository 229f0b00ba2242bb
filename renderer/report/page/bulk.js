// Many lines at once: marks in the list, and one decision for all of them.
const marks = new Set();

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

function showBulk(message = "") {
  const bar = byId("bulk");
  const { size } = marks;
  bar.hidden = !size && !message;
  const button = (choice) => make("button", { type: "button", on: { click: () => startBulk(choice) } }, CHOICES[choice].name);
  bar.replaceChildren(make("div", { class: "bulk-row" }, make("strong", { role: "status" }, `${count(size)} marked`),
    size > 0 && ["approve", "waive", "retake", "return"].map(button),
    make("button", { type: "button", class: "link", on: { click: () => { marks.clear(); showBulk(); showRows(); byId("list").focus(); } } }, "Unmark")),
  message && make("p", { class: "callout", role: "alert" }, said(message)));
}

function startBulk(choice) {
  const { note, isNoteAsked, name } = CHOICES[choice];
  if (!note || choice === "retake") { submitBulk(choice, "", choice === "retake" ? "seed" : ""); return; }
  const box = make("textarea", { id: "bulk-note", rows: 2, maxlength: MOST_NOTE, required: isNoteAsked, dir: "auto" });
  const sheet = make("form", { class: "decision-form", "aria-label": `${name} all marked lines`, novalidate: true, on: { submit: (event) => {
    event.preventDefault();
    if (!box.value.trim()) { box.focus(); return; }
    submitBulk(choice, box.value.trim());
  } } }, make("div", { class: "field wide" }, make("label", { for: "bulk-note" }, note), box), make("div", { class: "form-end" }, make("button", { type: "submit", class: "primary" }, `${name} ${count(marks.size)} lines`)));
  showBulk();
  byId("bulk").append(sheet);
  box.focus();
}

const asMany = (number) => `${count(number)} ${number === 1 ? "line" : "lines"}`;

async function submitBulk(choice, note, changed = "") {
  const marked = markedLines();
  const able = marked.filter((line) => !whyNot(choice, line));
  const barred = marked.filter((line) => whyNot(choice, line));
  const problems = barred.length ? [`${asMany(barred.length)} left out: ${whyNot(choice, barred[0])}`] : [];
  try {
    const reviewed = able.length ? await decide(choice, able, { note, change: changed === "seed" ? { seed: 1 + Math.floor(Math.random() * 1e6) } : {} }) : [];
    const conflicts = reviewed.filter((one) => one.reception === "conflict");
    if (conflicts.length) problems.push(`${asMany(conflicts.length)} not changed, somebody was quicker: ${conflicts[0].message}`);
    const refused = reviewed.filter((one) => one.reception === "refused");
    if (refused.length) problems.push(`${asMany(refused.length)} not taken: ${refused[0].message}`);
    const stay = new Set([...conflicts, ...refused].map((one) => keyOf(one.decision.locale, one.decision.line_id)));
    for (const line of able) if (!stay.has(line.key)) marks.delete(line.key);
    for (const one of reviewed) if (one.reception === "recorded") done.push({ ...one.decision, key: keyOf(one.decision.locale, one.decision.line_id) });
    tell(`${CHOICES[choice].name}: ${asMany(able.length - stay.size)}. u undoes them one by one.`);
  } catch (error) { problems.push(error.message); }
  showBulk(problems.join(" "));
  refresh({ keepScroll: true });
  if (chosen) renew(chosen);
}
