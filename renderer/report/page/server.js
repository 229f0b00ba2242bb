// The review server, where there is one. A page opened from disk has none and never asks.
class Refused extends Error {
  constructor(said, status) {
    super(said?.message || `The server answered ${status}. Run barkline review with --debug and try again.`);
    this.code = said?.code || "";
    this.said = said || {};
  }
}

async function askServer(path, { method = "GET", json, body, signal } = {}) {
  const headers = method === "GET" ? {} : { "X-Barkline-Word": live.word };
  if (json) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: json ? JSON.stringify(json) : body, cache: "no-store", credentials: "same-origin", signal });
  } catch {
    throw new Refused({ code: "away", message: "The review server does not answer. Start barkline review again; what was decided is kept." });
  }
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(said, answer.status);
  return said;
}

// Rows come in pages; a later call brings every row up to date, and drops the lines that are gone.
let fetching = Promise.resolve();
function fetchLines() {
  fetching = fetching.catch(() => {}).then(fetchEveryLine);
  return fetching;
}

async function fetchEveryLine() {
  const before = [...lines];
  const rows = [];
  for (let total = 1; rows.length < total;) {
    const page = await askServer(`api/lines?${new URLSearchParams({ start: rows.length, count: 2000 })}`);
    Object.assign(tables, page.tables);
    rows.push(...page.rows);
    total = page.rows.length ? page.total : 0;
  }
  const came = new Set(rows.map(takeRow));
  dropLines(before.filter((line) => !came.has(line)));
}

function takeRow(row) {
  const fresh = asLine(row, lines.length);
  const old = byKey.get(fresh.key);
  if (old) Object.assign(old, fresh, { index: old.index });
  else addLine(fresh);
  return old || fresh;
}

function dropLines(gone) {
  if (!gone.length) return;
  for (const line of gone) { line.isGone = true; byKey.delete(line.key); marks.delete(line.key); }
  const left = lines.filter((line) => !line.isGone);
  lines.splice(0, lines.length, ...left);
  lines.forEach((line, at) => { line.index = at; });
  showBulk();
}
