// The list: only the rows in sight are in the document, so that 5,000 lines scroll like fifty.
const ROW_HEIGHT = 60;
const SPARE_ROWS = 6;
let chosen = null;

function rowOf(line, at) {
  const why = line.flags.filter((flag) => flag !== "recorded" && flag !== "frozen").concat(line.checks.map(words)).join(", ");
  return make("div", {
    class: "row", role: "option", id: `row-${line.index}`, "data-index": line.index, "aria-selected": String(line === chosen), "aria-checked": String(marks.has(line.key)),
    "aria-posinset": at + 1, "aria-setsize": shown.length, style: { top: `${at * ROW_HEIGHT}px` },
  },
  make("i", { class: `mark mark-${line.group}`, title: line.status }), make("span", { class: "sr" }, `${line.status}${line.decision && `, ${CHOICES[line.decision].did}`}: `),
  make("i", { class: "tick", "aria-hidden": "true", title: "Mark (m)" }),
  make("div", { class: "first" }, make("span", { class: "text", dir: "auto", lang: line.locale }, line.text),
    make("span", { class: "end" }, line.duration ? `${line.duration.toFixed(1)} s` : "–")),
  make("div", { class: "second" }, said(line.characterName, { class: "who" }), make("span", {}, line.locale),
    said(line.id, { class: "id mono" }), line.decision && make("span", { class: `decided decided-${line.decision}`, "aria-hidden": "true" }, CHOICES[line.decision].did), why && make("span", { class: "why", title: why }, why)));
}

function showRows() {
  const list = byId("list");
  const first = Math.max(0, Math.floor(list.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
  const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW_HEIGHT) + SPARE_ROWS);
  const rows = [];
  for (let at = first; at < last; at += 1) rows.push(rowOf(shown[at], at));
  const holder = byId("rows");
  holder.style.height = `${shown.length * ROW_HEIGHT}px`;
  holder.replaceChildren(...(shown.length ? rows : [make("p", { class: "empty" }, "No line matches. Clear a filter or search for less.")]));
  const isInSight = chosen && rows.some((row) => row.id === `row-${chosen.index}`);
  if (isInSight) list.setAttribute("aria-activedescendant", `row-${chosen.index}`);
  else list.removeAttribute("aria-activedescendant");
}

function bringIntoSight(at) {
  const list = byId("list");
  const top = at * ROW_HEIGHT;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW_HEIGHT > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW_HEIGHT - list.clientHeight;
}

function buildList(choose) {
  let isDue = false;
  byId("list").addEventListener("scroll", () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => { isDue = false; showRows(); });
  }, { passive: true });
  new ResizeObserver(showRows).observe(byId("list"));
  byId("rows").addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    const line = lines[Number(row.dataset.index)];
    if (event.target.closest(".tick") || event.ctrlKey || event.metaKey) { mark(line); showBulk(); showRows(); } else choose(line);
  });
}
