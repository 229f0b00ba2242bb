// What people decide. With a server it is kept there; without, in this browser until it is exported.
const CHOICES = {
  approve: { name: "Approve", key: "y", did: "approved", note: "" },
  waive: { name: "Waive", key: "w", did: "waived", note: "Why may it ship all the same?", isNoteAsked: true },
  retake: { name: "Retake", key: "r", did: "asked for a retake", note: "What should change, for whoever reads this later" },
  return: { name: "To the writer", key: "t", did: "sent to the writer", note: "What should the writer change?", isNoteAsked: true },
  replace: { name: "Replace", key: "e", did: "replaced by a recording", note: "Whose recording this is" },
};
const MOST_NOTE = 2000;

// Why something may not be decided about a take, as the server has it, too; "" when it may.
function whyNot(choice, line, isRecorded = line.flags.includes("recorded")) {
  if (line.isGone) return "It is no longer in the manifests.";
  if (choice === "replace") return live ? "" : "Recordings are handed in with barkline review.";
  if (line.group === "pending") return "Its take is not rendered yet: wait for it.";
  if (choice === "retake" && isRecorded) return "A recording speaks it: replace the recording, or undo it.";
  if (choice === "retake" || choice === "return") return "";
  if (line.group === "failed") return "Nobody can call it good or bad: it failed. Render it again.";
  if (choice === "approve" && line.group === "rejected") return "The gate rejected it: waive it, with a reason.";
  if (choice === "waive" && line.group === "approved") return "The gate found nothing to waive: approve it.";
  return "";
}

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte, at) => {
  const set = at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte; // a version 4 UUID: RFC 9562
  return set.toString(16).padStart(2, "0");
}).join("");

// Decisions of a page opened from disk. Other pages of this browser may keep some as well.
const shelf = {
  name: `barkline-decisions ${boot.project}`,
  kept: [],
  problem: "",
  open() {
    if (live) return;
    try {
      const kept = JSON.parse(localStorage.getItem(this.name) || "[]");
      this.kept = Array.isArray(kept) ? kept.filter((one) => one && typeof one.line_id === "string" && Object.hasOwn(CHOICES, one.choice)) : [];
    } catch { this.problem = "This browser keeps nothing for pages opened from disk: export before you close it."; }
  },
  add(made) {
    if (!this.problem) this.open();
    this.kept.push(...made);
    this.keep();
  },
  forget(gone) {
    const ids = new Set(gone.map((one) => one.id));
    if (!this.problem) this.open();
    this.kept = this.kept.filter((one) => !ids.has(one.id));
    this.keep();
  },
  keep() {
    try { localStorage.setItem(this.name, JSON.stringify(this.kept)); }
    catch { this.problem = "This browser keeps nothing for pages opened from disk: export before you close it."; }
  },
  // Whether nothing can come of it any more: its take or line is gone, or more is recorded than was known to it; itself, perhaps.
  hasLapsed(one) {
    const line = byKey.get(keyOf(one.locale, one.line_id));
    return !line || one.seen !== line.decided || (!one.undoes && one.render_key !== line.render);
  },
  lapsed: () => shelf.kept.filter((one) => shelf.hasLapsed(one)),
  fresh: () => shelf.kept.filter((one) => !shelf.hasLapsed(one)),
  of: (line, kept = shelf.fresh()) => kept.filter((one) => one.locale === line.locale && one.line_id === line.id),
};

const standing = (history) => {
  const undone = new Set(history.map((one) => one.undoes));
  return history.filter((one) => !one.undoes && !undone.has(one.id));
};
// A retake or replacement has been carried out once something was decided about the take it led to.
function holding(line, history) {
  const known = standing(history);
  const held = known.filter((one) => one.render_key === line.render).at(-1);
  const isDone = held !== known.at(-1) && ["retake", "replace"].includes(held?.choice);
  return isDone ? null : held || null;
}

// The decisions that may be undone: of those that change files the last of its kind, as each leads back to the one before.
function undoable(history) {
  const known = standing(history);
  const isLast = (one) => known.findLast((other) => other.choice === one.choice) === one;
  return known.filter((one) => !["retake", "replace"].includes(one.choice) || isLast(one));
}

// In a page without a server: what its list shows as decided, with what this browser keeps.
function showDecidedHere(kept) {
  const fresh = shelf.fresh();
  for (const line of new Set(kept.map((one) => byKey.get(keyOf(one.locale, one.line_id))))) {
    const own = line ? shelf.of(line, fresh) : [];
    if (line) line.decision = holding(line, own)?.choice || (own.at(-1)?.undoes ? "" : line.reported);
  }
}

function reviewer() {
  if (live) return live.who;
  const typed = byId("who")?.value.trim();
  if (typed) return typed;
  try { return localStorage.getItem("barkline-who") || ""; } catch { return ""; }
}

// What a decision is made on: a take, its sound where it is played, and the last decision about its line that was known then.
const asListed = (line) => ({ line, render: line.render, decided: line.decided });
const asShown = ({ line, detail }) => ({
  line, render: detail.take?.key || "", decided: detail.decided, sound: detail.take?.sound || "", against: detail.take?.against || [],
});
// Who calls a sound good says which one, and what spoke against it then.
const heardOf = (choice, { sound, against }) => (sound && ["approve", "waive"].includes(choice) ? { sound, checks: against } : {});

// Handed in again as it was, a decision keeps its id: it may be recorded, and only the answer lost.
const unanswered = new Map();
function withId(plain) {
  const said = JSON.stringify(plain);
  if (!unanswered.has(said)) unanswered.set(said, newId());
  return { id: unanswered.get(said), ...plain };
}
function answered(reviewed) {
  const ids = new Set(reviewed.map((one) => one.decision.id));
  for (const [said, id] of unanswered) if (ids.has(id)) unanswered.delete(said);
}

// Hands in what was decided about some takes; returns what the server said of each, and tells it part by part.
async function decide(choice, heard, { note = "", change = {}, each = () => {} } = {}) {
  const made = heard.map((one) => withId({ line_id: one.line.id, locale: one.line.locale, render_key: one.render, choice, note, change, decided: one.decided, ...heardOf(choice, one) }));
  const every = [];
  for (const part of live ? inParts(made) : [made]) {
    const reviewed = await (live ? send(part) : keepHere(part));
    every.push(...reviewed);
    each(reviewed);
  }
  return every;
}

function keepHere(made) {
  const at = new Date().toISOString();
  shelf.add(made.map(({ decided: seen, ...plain }) => ({ undoes: "", ...plain, seen, who: reviewer() || "unknown", at })));
  showDecidedHere(made);
  const reviewed = made.map((one) => ({ decision: one, reception: "recorded", message: "" }));
  answered(reviewed);
  return reviewed;
}

// A server takes so many decisions at once, and so many bytes.
const MOST_AT_ONCE = 500;
const MOST_BYTES = 1 << 20;
function* inParts(made) {
  const coder = new TextEncoder();
  let part = [];
  let bytes = 0;
  for (const one of made) {
    const more = coder.encode(JSON.stringify(one)).length + 1;
    if (part.length >= MOST_AT_ONCE || (part.length && bytes + more > MOST_BYTES)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(one);
    bytes += more;
  }
  if (part.length) yield part;
}

async function send(made) {
  const { reviewed } = await askServer("api/decisions", { method: "POST", json: { decisions: made } });
  hear(reviewed);
  return reviewed;
}

function hear(reviewed) {
  answered(reviewed);
  for (const { decision, reception } of reviewed) if (reception === "recorded" || reception === "known") note(decision);
}

// What the server has recorded is known here at once; its row comes with the next event.
function note(decision) {
  const line = byKey.get(keyOf(decision.locale, decision.line_id));
  if (!line || decision.sequence < line.decided) return;
  line.decided = decision.sequence;
  line.decision = decision.undoes ? "" : decision.choice;
}

async function undo(decision) {
  const { id: undoes, line_id, locale, render_key, choice } = decision;
  const line = byKey.get(keyOf(locale, line_id));
  if (!decision.sequence) { forget([decision]); return; } // it is on the shelf alone
  const made = withId({ line_id, locale, render_key, choice, undoes, decided: line?.decided || 0 });
  const [{ reception, message }] = await (live ? send([made]) : keepHere([made]));
  if (reception === "conflict") throw new Error(`Somebody decided since: ${message}. Nothing was undone.`);
  if (reception === "refused") throw new Error(message);
}

// What this browser keeps is forgotten without a trace.
function forget(kept) {
  shelf.forget(kept);
  for (const { id } of kept) dropDone(id);
  showDecidedHere(kept);
}

function exportDecisions() {
  const file = { format: "barkline-decisions", version: 1, project: boot.project, written_at: boot.writtenAt || "", decisions: shelf.fresh() };
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(file, null, 1)}\n`], { type: "application/json" }));
  const link = make("a", { href: url, download: `${boot.project.replace(/[^\w.-]+/g, "_")}-decisions.json` });
  link.click();
  URL.revokeObjectURL(url);
}
