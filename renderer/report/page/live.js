// What changes while the page is open: decisions of others, renders that arrive.
let heard = null; // number of the last event

const AGAIN_MS = 3000;
const ANSWER_MS = 5000; // a question that hangs is asked again
// No timer that would take text as code.
const after = (ms, act) => AbortSignal.timeout(ms).addEventListener("abort", act);
const AWAY = "No connection to the review server. It is tried again.";

function sayConnection(...message) {
  byId("connection").replaceChildren(...message);
  byId("connection").hidden = !message.length;
}

// A browser gives up on an answer that is no stream: then it is asked for here, until the page itself is out of date.
async function connectAgain() {
  try {
    await askServer("api/lines?count=1", { signal: AbortSignal.timeout(ANSWER_MS) });
  } catch (error) {
    if (error.code !== "session") { after(AGAIN_MS, connectAgain); return; }
    sayConnection("The review server was restarted. What was decided is kept; what is typed and not handed in is not: copy it, then reload. ",
      make("button", { type: "button", on: { click: () => location.reload() } }, "Reload"));
    return;
  }
  listen();
}

function arrive({ rows, tables: fresh, renders }) {
  Object.assign(tables, fresh);
  const came = rows.map(takeRow);
  refreshFacets();
  refresh({ keepScroll: true, isQuiet: true });
  if (renders !== undefined) sayRenders(renders);
  if (chosen && came.includes(chosen) && current) renewIfOther(chosen);
  byId("recount").hidden = false;
}

// While something is handed in its answer says what came; what came beside it is looked at afterwards.
async function renewIfOther(line) {
  if (!live || isBusy || !current) return;
  if (line.isGone) { showPanel(); warn(whyNot("", line)); return; }
  const { detail } = current;
  if (detail.decided === line.decided && (detail.take?.key || "") === line.render && (detail.take?.status || line.status) === line.status) return;
  await tryRenew(line);
}

function sayRenders({ waiting, message }) {
  byId("renders").replaceChildren(waiting ? make("span", {}, make("i", { class: "spinner", "aria-hidden": "true" }), `Rendering ${asMany(waiting)}`) : "", message ? make("span", { class: "err" }, said(message)) : "");
}

function listen() {
  if (!live) return;
  const source = new EventSource("api/events");
  source.addEventListener("open", () => sayConnection());
  source.addEventListener("error", () => {
    sayConnection(AWAY);
    if (source.readyState === EventSource.CLOSED) after(AGAIN_MS, connectAgain);
  });
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
    try { await fetchLines(); arrive({ rows: [], tables: {} }); if (chosen) renewIfOther(chosen); } catch (error) { tell(said(error.message)); }
  });
  source.addEventListener("renders", (event) => { heard = Number(event.lastEventId); sayRenders(JSON.parse(event.data)); });
  window.addEventListener("pagehide", () => source.close(), { once: true });
}
