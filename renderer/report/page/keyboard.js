// Keys. Whoever types in a field types; everybody else steers.
const KEYS = [
  ["Space", "play or pause"], ["↓ or j, ↑ or k", "next, previous line"], ["n", "next line that is not approved"],
  ["← →", "half a second back, forward"], ["a, b", "play the current, the previous approved take"],
  ["c, 1–9", "play an earlier take, an attempt"], ["x", "the other take from the same moment"], ["l", "repeat"], ["p", "play on move, on or off"],
  ["y, w, r", "approve, waive, retake"], ["t, e", "to the writer, replace by a recording"], ["u", "undo the last decision"],
  ["m, M", "mark the line, all lines shown"], ["v", "what the findings say"], ["Home, End, Page", "far moves"], ["/", "search"], ["o", "overview"], ["?", "this list"], ["Esc", "close, leave the search"],
];

function buildHelp() {
  byId("help").append(make("h2", { id: "help-title" }, "Keys"),
    make("table", {}, make("tbody", {}, KEYS.map(([keys, does]) => make("tr", {}, make("th", { scope: "row" }, make("kbd", {}, keys)), make("td", {}, does))))),
    make("form", { method: "dialog" }, make("button", { type: "button", on: { click: () => byId("help").close() } }, "Close")));
  byId("help-button").addEventListener("click", () => byId("help").showModal());
}

const DECIDING = new Set("ywrteumM"); // a key that is held decides once

const isTyping = (target) => target.matches?.("input:not([type=checkbox], [type=range], [type=file]), select, textarea");
const takesSpace = (target) => target.matches?.("button, summary, input[type=checkbox], input[type=file], a[href]");

function buildKeyboard(does) {
  const page = () => Math.max(1, Math.floor(byId("list").clientHeight / ROW_HEIGHT) - 1);
  const moves = {
    ArrowDown: () => does.move(1), j: () => does.move(1), ArrowUp: () => does.move(-1), k: () => does.move(-1),
    PageDown: () => does.move(page()), PageUp: () => does.move(-page()), Home: () => does.move(-Infinity), End: () => does.move(Infinity),
    n: () => does.nextProblem(), a: () => does.play(0), b: () => does.play(1), c: () => does.play(2), x: swap, o: does.home,
    ArrowLeft: () => does.nudge(-0.5), ArrowRight: () => does.nudge(0.5),
    l: () => (active || players[0])?.loop(), p: () => byId("autoplay").click(),
    y: () => openDecision("approve"), w: () => openDecision("waive"), r: () => openDecision("retake"), t: () => openDecision("return"), e: () => openDecision("replace"), u: undoLast,
    m: () => { if (chosen) { mark(chosen); showBulk(); showRows(); } }, M: markShown,
    v: () => byId("detail").querySelector(".findings button, .findings")?.scrollIntoView({ block: "center" }),
    "/": () => { byId("search").focus(); byId("search").select(); }, "?": () => byId("help").showModal(), " ": () => does.toggle(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey && event.target.form) { event.target.form.requestSubmit(); event.preventDefault(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || byId("help").open) return;
    const { target, key } = event;
    if (key === "Escape" && form) { closeForm(); byId("list").focus(); event.preventDefault(); return; }
    if (isTyping(target)) {
      if (key === "Escape") { byId("list").focus(); event.preventDefault(); }
      if (key === "Enter" && target.id === "search") { does.move(-Infinity); byId("list").focus(); event.preventDefault(); }
      return;
    }
    if (target.matches?.("input[type=range]") && key.startsWith("Arrow")) return;
    if (key === " " && takesSpace(target)) return;
    if (/^[1-9]$/.test(key)) { does.attempt(Number(key)); event.preventDefault(); return; }
    const act = Object.hasOwn(moves, key) ? moves[key] : null;
    if (!act) return;
    event.preventDefault();
    if (!event.repeat || !DECIDING.has(key)) act();
  });
}
