// The review server, where there is one. A page opened from disk has none and never asks.
class Refused extends Error {
  constructor(said, status) {
    super(said?.message || `The server answered ${status}. Run barkline review with --debug and try again.`);
    this.code = said?.code || "";
    this.said = said || {};
  }
}

async function askServer(path, { method = "GET", json, body } = {}) {
  const headers = method === "GET" ? {} : { "X-Barkline-Word": live.word };
  if (json) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: json ? JSON.stringify(json) : body, cache: "no-store", credentials: "same-origin" });
  } catch {
    throw new Refused({ code: "away", message: "The review server does not answer. Start barkline review again; what was decided is kept." });
  }
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(said, answer.status);
  return said;
}

// Rows come in pages, so that the first are there at once; a later call brings every row up to date.
async function fetchLines() {
  const rows = [];
  for (let total = 1; rows.length < total;) {
    const page = await askServer(`api/lines?${new URLSearchParams({ start: rows.length, count: 2000 })}`);
    Object.assign(tables, page.tables);
    rows.push(...page.rows);
    total = page.rows.length ? page.total : 0;
  }
  const at = new Map(lines.map((line) => [line.key, line]));
  for (const row of rows) takeRow(row, at);
}

function takeRow(row, at) {
  const fresh = asLine(row, lines.length);
  const old = at.get(fresh.key);
  if (old) Object.assign(old, fresh, { index: old.index });
  else { lines.push(fresh); at.set(fresh.key, fresh); }
  return old || fresh;
}
