// The form of a retake: only what is set changes, everything else stays as the manifest has it.
const EMOTIONS = ["neutral", "calm", "happy", "sad", "angry", "fearful", "disgusted", "surprised"];
const DELIVERIES = ["normal", "whisper", "shout"];
const BOUNDS = { rate: [0.5, 2, 0.05], pitch_st: [-12, 12, 0.5], pitch_range: [0, 2.5, 0.1], energy_db: [-12, 12, 0.5], pause_before_s: [0, 5, 0.1], pause_after_s: [0, 5, 0.1] };
const OWN_WAY = { rate: 1, pitch_st: 0, pitch_range: 1, energy_db: 0, pause_before_s: 0, pause_after_s: 0 };
// Which field helps against what the gate found.
const CURES = [
  [/pace|rate|duration|limiting/, "retake-rate"], [/pitch|f0|monotone/, "retake-pitch_range"], [/level|clip|peak|energy/, "retake-energy_db"],
  [/emotion|arousal|valence|direction/, "retake-emotion"], [/gap/, "retake-rate"],
  [/word|phone|speech|recogni|text|heard|asr|divergen/, "retake-word"],
];

function cureOf(checks) {
  for (const check of checks) {
    const cure = CURES.find(([pattern]) => pattern.test(check));
    if (cure) return cure[1];
  }
  return "retake-seed";
}

const field = (id, label, control, unit) => make("div", { class: "field" }, make("label", { for: id }, label, unit && ` (${unit})`), control);
const choiceOf = (id, values, now, set = "") => make("select", { id }, make("option", { value: "" }, `as now: ${now}`), values.map((value) => make("option", { value, selected: value === set }, value)));
const numberOf = (id, [least, most, step], now, set = "") => make("input", { id, type: "number", min: least, max: most, step, placeholder: String(now), value: set, inputmode: "decimal" });
// A retake takes the place of the one before it, so the form begins with what that one asks for.
const asksNow = (line, detail) => standing(historyOf(line, detail)).filter((one) => one.choice === "retake").at(-1)?.change || {};

function emotionOf({ emotion }) {
  if (!emotion) return {};
  if (typeof emotion === "object") return emotion;
  const [name, intensity] = String(emotion).split(" ");
  return { name, intensity };
}

function wordRow(line, detail) {
  const spoken = [...line.text.matchAll(/[\p{L}\p{M}\p{N}'’]+/gu)].map((match) => match[0]);
  const seen = new Map();
  const options = spoken.map((word) => {
    const folds = folded(word);
    seen.set(folds, (seen.get(folds) || 0) + 1);
    const occurrence = seen.get(folds);
    const edit = detail.direction.words.find((one) => folded(one.word) === folds && one.occurrence === occurrence);
    return make("option", { value: JSON.stringify([word, occurrence]) }, `${isolated(word)}${occurrence > 1 ? ` (${occurrence})` : ""}${edit?.phonemes ? `: ${edit.phonemes}` : ""}`);
  });
  return make("div", { class: "word-row" },
    field("retake-word", "Say the word", make("select", { id: "retake-word" }, make("option", { value: "" }, "none"), options)),
    field("retake-phonemes", "as (IPA)", make("input", { id: "retake-phonemes", type: "text", maxlength: 200, lang: "und-fonipa", spellcheck: "false", autocomplete: "off", placeholder: "hɔlt" })));
}

function retakeFields(line, detail) {
  const { emotion, intensity, delivery } = detail.direction;
  const before = asksNow(line, detail);
  const felt = emotionOf(before);
  const asks = before.prosody || {};
  return make("div", { class: "fields" },
    field("retake-seed", "Take number", numberOf("retake-seed", [0, 2147483647, 1], (detail.seed || 0) + 1)),
    field("retake-emotion", "Emotion", choiceOf("retake-emotion", EMOTIONS, emotion, felt.name)),
    field("retake-intensity", "Intensity", numberOf("retake-intensity", [0, 1, 0.05], figure(intensity), felt.intensity), "0–1"),
    field("retake-delivery", "Delivery", choiceOf("retake-delivery", DELIVERIES, delivery, before.delivery)),
    Object.entries(PROSODY).map(([name, [label, unit]]) => field(`retake-${name}`, label[0].toUpperCase() + label.slice(1), numberOf(`retake-${name}`, BOUNDS[name], OWN_WAY[name], asks[name]), unit === "×" ? "×" : `+ ${unit}`)),
    wordRow(line, detail));
}

// The words of the retake before stay, but for the one that is chosen now: without phonemes it is said as it is written.
function wordsNow(before, value) {
  const kept = Array.isArray(before.words) ? before.words : [];
  if (!value("word")) return kept;
  const [word, occurrence] = JSON.parse(value("word"));
  const others = kept.filter((one) => folded(String(one.word)) !== folded(word) || Number(one.occurrence || 1) !== occurrence);
  return value("phonemes") ? [...others, { word, ...(occurrence > 1 ? { occurrence } : {}), phonemes: value("phonemes") }] : others;
}

// What a retake asks for, whatever its take number, in one form.
function askedBy(change) {
  const { name = "", intensity = "" } = emotionOf(change);
  const pairs = Object.entries(change.prosody || {}).map(([key, value]) => [key, Number(value)]);
  return JSON.stringify([name, Number(intensity), change.delivery || "", pairs.sort(), (change.words || []).map((one) => JSON.stringify(one)).sort()]);
}

// What the form asks to change, as retakes.yaml has it; a new take number when nothing else differs from what holds.
function readChange({ line, detail }) {
  const change = {};
  const before = asksNow(line, detail);
  const value = (name) => byId(`retake-${name}`).value.trim();
  if (value("emotion") || value("intensity")) {
    change.emotion = { name: value("emotion") || detail.direction.emotion, intensity: Number(value("intensity") || detail.direction.intensity) };
  }
  if (value("delivery")) change.delivery = value("delivery");
  const prosody = Object.fromEntries(Object.keys(PROSODY).filter((name) => value(name) !== "").map((name) => [name, Number(value(name))]));
  if (Object.keys(prosody).length) change.prosody = prosody;
  const edits = wordsNow(before, value);
  if (edits.length) change.words = edits;
  const isSame = !Object.keys(change).length || askedBy(change) === askedBy(before);
  if (value("seed") !== "" || isSame) change.seed = Number(value("seed") || (detail.seed || 0) + 1);
  return change;
}

const invalidField = () => [...byId("decide").querySelectorAll("input")].find((input) => !input.checkValidity());

function describeChange(change) {
  return Object.entries(change || {}).map(([name, value]) => {
    if (name === "emotion" && value && typeof value === "object") return `${value.name} ${figure(value.intensity)}`;
    if (name === "prosody") return requests(value).join(", ");
    if (name === "words") return value.map((edit) => `${isolated(edit.word)} → ${edit.phonemes || ""}`).join(", ");
    if (name === "seed") return `take number ${value}`;
    if (name === "recording" || name === "before") return "";
    return `${words(name)} ${typeof value === "object" ? JSON.stringify(value) : value}`;
  }).filter(Boolean).join(" · ");
}
