// Which lines are shown, and in which order.
const filter = { q: "", group: "", character: "", locale: "", emotion: "", scene: "", check: "", flag: "", decision: "", sort: "" };
const UNDECIDED = "none";
const FACETS = {
  decision: { label: "Decision", values: () => [UNDECIDED, ...tables.decisions.filter(Boolean)], names: () => ["not decided", ...tables.decisions.filter(Boolean).map((choice) => CHOICES[choice].did)], isOrdered: true },
  character: { label: "Character", values: () => tables.characters, names: () => tables.characterNames },
  locale: { label: "Locale", values: () => tables.locales },
  emotion: { label: "Emotion", values: () => tables.emotions },
  scene: { label: "Scene", values: () => tables.scenes },
  check: { label: "Check", values: () => tables.checks, names: () => tables.checks.map(words) },
  flag: { label: "Flag", values: () => tables.flags },
};
const SORTS = { "": "Problems first", manifest: "Manifest order", longest: "Longest first" };
let shown = [];

function has(line, facet) {
  const wanted = filter[facet];
  if (!wanted) return true;
  if (facet === "check") return line.checks.includes(wanted);
  if (facet === "decision") return (line.decision || UNDECIDED) === wanted;
  if (facet === "flag") return line.flags.includes(wanted);
  return line[facet] === wanted;
}

function applyFilter() {
  const terms = folded(filter.q).split(/\s+/).filter(Boolean);
  const facets = Object.keys(FACETS).filter((facet) => filter[facet]);
  const fits = lines.filter((line) =>
    facets.every((facet) => has(line, facet)) && terms.every((term) => line.sought.includes(term)));
  const counts = Object.fromEntries(tables.groups.map((group) => [group, 0]));
  for (const line of fits) counts[line.group] += 1;
  shown = filter.group ? fits.filter((line) => line.group === filter.group) : fits;
  if (filter.sort === "manifest") shown.sort((one, other) => one.place - other.place);
  if (filter.sort === "longest") shown.sort((one, other) => other.duration - one.duration || one.place - other.place);
  return { counts, total: fits.length };
}

function optionsOf({ label, values, names, isOrdered }) {
  const shownNames = (names || values)();
  const pairs = values().map((value, at) => [value, shownNames[at]]);
  if (!isOrdered) pairs.sort((one, other) => one[1].localeCompare(other[1]));
  return [make("option", { value: "" }, label), ...pairs.filter(([value]) => value !== "").map(([value, name]) => make("option", { value }, isolated(name)))];
}

function buildFilters(changed) {
  byId("filters").append(...Object.entries(FACETS).map(([facet, kind]) => make("select", {
    id: `filter-${facet}`, "aria-label": `Show only: ${kind.label}`, on: { change: (event) => changed(facet, event.target.value) },
  }, optionsOf(kind))));
}

// New values may have come with new takes.
function refreshFacets() {
  for (const [facet, kind] of Object.entries(FACETS)) {
    const select = byId(`filter-${facet}`);
    if (select.options.length !== kind.values().filter(Boolean).length + 1) select.replaceChildren(...optionsOf(kind));
  }
}

function showFilters({ counts, total }, changed) {
  const group = (value, name, number) => make("button", {
    type: "button", "data-group": value, "aria-pressed": String(filter.group === value), on: { click: () => changed("group", value) },
  }, value && make("i", { class: `mark mark-${value}`, "aria-hidden": "true" }), `${name} `, make("span", { class: "muted" }, count(number)));
  const focused = document.activeElement?.dataset?.group;
  byId("groups").replaceChildren(group("", "All", total), ...tables.groups.map((value) => group(value, words(value), counts[value])));
  if (focused !== undefined) byId("groups").querySelector(`[data-group="${CSS.escape(focused)}"]`)?.focus();
  for (const facet of Object.keys(FACETS)) {
    const select = byId(`filter-${facet}`);
    select.value = filter[facet];
    select.classList.toggle("set", filter[facet] !== "");
  }
  if (byId("search").value !== filter.q) byId("search").value = filter.q;
  const isSet = Object.entries(filter).some(([name, value]) => name !== "sort" && value !== "");
  const tally = isSet ? `${count(shown.length)} of ${count(lines.length)} lines` : `${count(lines.length)} lines`;
  const sort = make("select", { "aria-label": "Order", id: "sort", on: { change: (event) => changed("sort", event.target.value) } },
    Object.entries(SORTS).map(([value, name]) => make("option", { value, selected: value === filter.sort }, name)));
  const clear = isSet && make("button", { type: "button", class: "link", id: "clear", on: { click: () => changed(null) } }, "Clear filters");
  byId("matches").replaceChildren(make("span", {}, tally, clear && " · ", clear || ""), sort);
}
