// The lines, and the details of a line once somebody asks for them.
const boot = JSON.parse(byId("boot").textContent);
const live = boot.live || null;
const tables = boot.tables;
const lines = [];
const byKey = new Map();
const arrived = { lines: new Map(), details: new Map() };
const asked = new Map();

Object.defineProperty(window, "barkline", {
  value: (kind, index, payload) => { if (Object.hasOwn(arrived, kind)) arrived[kind].set(index, payload); },
});

function loadScript(path) {
  return new Promise((resolve, reject) => {
    const script = make("script", { src: address(path) });
    script.addEventListener("load", () => { script.remove(); resolve(); });
    script.addEventListener("error", () => { script.remove(); reject(new Error(`${path} is missing`)); });
    document.head.append(script);
  });
}

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const keyOf = (locale, id) => `${locale}/${id}`;

function asLine(row, index) {
  const [place, id, text, locale, character, scene, emotion, status, group, flags, checks, duration, tags, decision, decided, render] = row;
  const line = {
    index, place, id, text, duration, decided, render,
    locale: tables.locales[locale], character: tables.characters[character],
    characterName: tables.characterNames[character], scene: tables.scenes[scene],
    emotion: tables.emotions[emotion], status: tables.statuses[status], group: tables.groups[group],
    flags: flags.map((flag) => tables.flags[flag]), checks: checks.map((check) => tables.checks[check]),
    decision: tables.decisions[decision],
  };
  line.key = keyOf(line.locale, id);
  line.reported = line.decision;
  line.sought = folded([id, text, line.characterName, line.character, line.scene, line.locale, tags].join("\n"));
  return line;
}

function addLine(line) {
  lines.push(line);
  byKey.set(line.key, line);
}

async function loadLines() {
  if (live) { await fetchLines(); return; }
  await Promise.all(boot.rows.map(loadScript));
  for (let part = 0; part < boot.rows.length; part += 1) {
    for (const row of arrived.lines.get(part)) addLine(asLine(row, lines.length));
  }
  arrived.lines.clear();
}

async function detailOf(line) {
  if (live) return askServer(`api/line?${new URLSearchParams({ locale: line.locale, line_id: line.id })}`);
  const part = Math.floor(line.index / boot.detailsPerFile);
  if (!asked.has(part)) asked.set(part, loadScript(boot.details[part]));
  try {
    await asked.get(part);
  } catch (error) {
    asked.delete(part);
    throw error;
  }
  return arrived.details.get(part)[line.index % boot.detailsPerFile];
}
