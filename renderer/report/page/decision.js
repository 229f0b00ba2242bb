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

// Decisions of a page opened from disk.
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
  keep() {
    try { localStorage.setItem(this.name, JSON.stringify(this.kept)); }
    catch { this.problem = "This browser keeps nothing for pages opened from disk: export before you close it."; }
  },
  of: (line) => shelf.kept.filter((one) => one.locale === line.locale && one.line_id === line.id),
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

function reviewer() {
  if (live) return live.who;
  const typed = byId("who")?.value.trim();
  if (typed) return typed;
  try { return localStorage.getItem("barkline-who") || ""; } catch { return ""; }
}

// Hands in what was decided about some lines; returns what the server said of each.
async function decide(choice, decidedLines, { note = "", change = {} } = {}) {
  const at = new Date().toISOString();
  const made = decidedLines.map((line) => ({
    id: newId(), line_id: line.id, locale: line.locale, render_key: line.render, choice, note, change, decided: line.decided,
  }));
  if (live) return send(made);
  for (const one of made) {
    const { decided: seen, ...plain } = one;
    shelf.kept.push({ ...plain, seen, who: reviewer() || "unknown", at, undoes: "" });
  }
  shelf.keep();
  for (const line of decidedLines) line.decision = choice;
  return made.map((one) => ({ decision: one, reception: "recorded", message: "" }));
}

async function send(made) {
  const { reviewed } = await askServer("api/decisions", { method: "POST", json: { decisions: made } });
  for (const { decision, reception } of reviewed) if (reception === "recorded") note(decision);
  return reviewed;
}

// What the server has recorded is known here at once; its row comes with the next event.
function note(decision) {
  const line = lines.find((one) => one.key === keyOf(decision.locale, decision.line_id));
  if (!line) return;
  line.decided = decision.sequence;
  line.decision = decision.undoes ? "" : decision.choice;
}

async function undo(decision) {
  if (live) {
    const { id: undoes, line_id, locale, render_key, choice } = decision;
    const line = lines.find((one) => one.key === keyOf(locale, line_id));
    const [{ reception, message }] = await send([{ id: newId(), line_id, locale, render_key, choice, undoes, decided: line?.decided || 0 }]);
    if (reception === "conflict") throw new Error(`Somebody decided since: ${message}. Nothing was undone.`);
    if (reception === "refused") throw new Error(message);
    return;
  }
  shelf.kept = shelf.kept.filter((one) => one.id !== decision.id);
  shelf.keep();
  const line = lines.find((one) => one.key === keyOf(decision.locale, decision.line_id));
  if (line) line.decision = holding(line, shelf.of(line))?.choice || line.reported;
}

function exportDecisions() {
  const file = { format: "barkline-decisions", version: 1, project: boot.project, written_at: boot.writtenAt || "", decisions: shelf.kept };
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(file, null, 1)}\n`], { type: "application/json" }));
  const link = make("a", { href: url, download: `${boot.project.replace(/[^\w.-]+/g, "_")}-decisions.json` });
  link.click();
  URL.revokeObjectURL(url);
}
