// What changes while the page is open: decisions of others, renders that arrive.
let heard = null; // number of the last event

function sayConnection(isOn) {
  byId("connection").textContent = isOn ? "" : "No connection to the review server. It is tried again.";
  byId("connection").hidden = isOn;
}

function arrive({ rows, tables: fresh, renders }) {
  Object.assign(tables, fresh);
  const at = new Map(lines.map((line) => [line.key, line]));
  const came = rows.map((row) => takeRow(row, at));
  refreshFacets();
  refresh({ keepScroll: true, isQuiet: true });
  if (renders !== undefined) sayRenders(renders);
  if (chosen && came.includes(chosen) && current) renewIfOther(chosen);
  byId("recount").hidden = false;
}

async function renewIfOther(line) {
  const { detail } = current;
  if (detail.decided === line.decided && detail.take?.key === line.render && detail.take?.status === line.status) return;
  try { await renew(line); } catch (error) { warn(error.message); }
}

function sayRenders({ waiting, message }) {
  byId("renders").replaceChildren(waiting ? make("span", {}, make("i", { class: "spinner", "aria-hidden": "true" }), `Rendering ${asMany(waiting)}`) : "", message ? make("span", { class: "err" }, said(message)) : "");
}

function listen() {
  if (!live) return;
  const source = new EventSource("api/events");
  source.addEventListener("open", () => sayConnection(true));
  source.addEventListener("error", () => sayConnection(false));
  source.addEventListener("hello", async (event) => {
    const hello = JSON.parse(event.data);
    const isBehind = heard !== null && heard !== hello.number;
    heard = hello.number;
    sayRenders(hello.renders);
    if (!isBehind) return;
    try { await fetchLines(); refresh({ keepScroll: true, isQuiet: true }); if (chosen && current) renewIfOther(chosen); } catch (error) { tell(said(error.message)); }
  });
  source.addEventListener("lines", (event) => { heard = Number(event.lastEventId); arrive(JSON.parse(event.data)); });
  source.addEventListener("reload", async () => {
    try { await fetchLines(); arrive({ rows: [], tables: {} }); } catch (error) { tell(said(error.message)); }
  });
  source.addEventListener("renders", (event) => { heard = Number(event.lastEventId); sayRenders(JSON.parse(event.data)); });
  window.addEventListener("pagehide", () => source.close());
}
