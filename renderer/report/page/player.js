// One player per sound. At most one of them plays.
let players = [];
let active = null;
let compared = null;
const ICONS = { play: "M3 1l12 7-12 7z", pause: "M3 1h4v14H3zM9 1h4v14H9z" };

function icon(path) {
  path.setAttribute("d", ICONS.play);
  return draw("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, path);
}

function makePlayer(source, duration, label) {
  const audio = make("audio", { preload: "auto", src: address(source) });
  const path = draw("path");
  const go = make("button", { type: "button", class: "go", "aria-label": `Play ${label}` }, icon(path));
  const seek = make("input", { type: "range", min: 0, max: 1000, value: 0, "aria-label": `Position in ${label}` });
  const time = make("span", { class: "time" });
  const loop = make("button", { type: "button", class: "loop", "aria-pressed": "false", title: "Repeat (l)" }, "Repeat");
  const problem = make("p", { class: "callout", role: "alert", hidden: true }, "The sound could not be loaded: ", said(source), live ? ". Is the store there, and barkline review running?" : ". Keep the report beside its voice folder.");
  const player = { audio, label, watchers: [], root: make("div", {}, make("div", { class: "player" }, go, seek, time, loop), problem, audio) };
  player.length = () => (Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : duration);
  player.seek = (seconds) => { audio.currentTime = Math.min(Math.max(0, seconds), Math.max(0, player.length() - 0.01)); player.show(); };
  player.play = () => {
    for (const other of players) if (other !== player) other.audio.pause();
    active = player;
    for (const other of players) other.root.closest(".take")?.classList.toggle("active", other === player);
    audio.play().catch(() => {});
  };
  player.toggle = () => (audio.paused ? player.play() : audio.pause());
  player.loop = () => { audio.loop = !audio.loop; loop.setAttribute("aria-pressed", String(audio.loop)); };
  player.show = () => {
    const length = player.length();
    const at = audio.ended && !audio.loop ? length : audio.currentTime;
    time.textContent = `${clock(at)} / ${clock(length)}`;
    if (document.activeElement !== seek || !audio.paused) seek.value = length ? Math.round((1000 * at) / length) : 0;
    for (const watch of player.watchers) watch(at);
  };
  const tick = () => { player.show(); if (!audio.paused && !audio.ended) requestAnimationFrame(tick); };
  const state = () => {
    path.setAttribute("d", audio.paused ? ICONS.play : ICONS.pause);
    go.setAttribute("aria-label", `${audio.paused ? "Play" : "Pause"} ${label}`);
    tick();
  };
  for (const kind of ["play", "pause", "ended"]) audio.addEventListener(kind, state);
  for (const kind of ["loadedmetadata", "seeked"]) audio.addEventListener(kind, player.show);
  audio.addEventListener("error", () => { problem.hidden = false; go.disabled = true; });
  go.addEventListener("click", player.toggle);
  loop.addEventListener("click", player.loop);
  seek.addEventListener("input", () => player.seek((player.length() * Number(seek.value)) / 1000));
  player.show();
  players.push(player);
  return player;
}

function silence() {
  for (const player of players) { player.audio.pause(); player.audio.removeAttribute("src"); player.audio.load(); }
  players = [];
  active = null;
  compared = null;
}

// The other take from the same moment on.
function swap() {
  const pair = players.filter((player) => player.isTake);
  if (pair.length < 2) return;
  const from = pair.includes(active) ? active : pair[0];
  const to = from === pair[0] ? (pair.includes(compared) ? compared : pair[1]) : pair[0];
  compared = from === pair[0] ? to : from;
  to.seek(from.audio.ended ? 0 : from.audio.currentTime);
  to.play();
}
