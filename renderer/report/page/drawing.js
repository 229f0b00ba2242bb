// The waveform, the words and phonemes under it, the spectrogram with F0, and one cursor over all.
const PIXELS_PER_SECOND = 150;
const PIXELS_PER_WORD = 58;
const WAVE_HEIGHT = 100;

function wavePath(peaks) {
  const bytes = Uint8Array.from(atob(peaks), (letter) => letter.charCodeAt(0));
  const values = new Int8Array(bytes.buffer);
  const y = (value) => (WAVE_HEIGHT / 2 - (value / 127) * (WAVE_HEIGHT / 2 - 2)).toFixed(1);
  const columns = values.length / 2;
  const top = [];
  const bottom = [];
  for (let column = 0; column < columns; column += 1) {
    top.push(`${column} ${y(Math.max(values[2 * column + 1], 1))}`);
    bottom.push(`${column} ${y(Math.min(values[2 * column], -1))}`);
  }
  return { columns: Math.max(1, columns), d: columns ? `M${top.join("L")}L${bottom.reverse().join("L")}Z` : "" };
}

const edges = (spans, length, width, height) => spans.flatMap(([, start, end]) => [start, end])
  .map((at) => draw("line", { class: "edge", x1: (at / length) * width, x2: (at / length) * width, y1: 0, y2: height }));

function waveform(picture, take, length) {
  const { columns, d } = wavePath(picture.peaks);
  return draw("svg", { class: "wave", viewBox: `0 0 ${columns} ${WAVE_HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": "Waveform" },
    draw("line", { class: "axis", x1: 0, x2: columns, y1: WAVE_HEIGHT / 2, y2: WAVE_HEIGHT / 2 }),
    draw("path", { d }), edges(take.words, length, columns, WAVE_HEIGHT));
}

function spectrum(picture, take, length) {
  const height = (hertz) => 1 - Math.log(hertz / picture.bottom) / Math.log(picture.top / picture.bottom);
  const strokes = [];
  let isOpen = false;
  picture.f0.forEach((hertz, at) => {
    const isDrawn = hertz > picture.bottom && hertz < picture.top;
    if (isDrawn) strokes.push(`${isOpen ? "L" : "M"}${((1000 * at * picture.hop) / length).toFixed(1)} ${(height(hertz) * 1000).toFixed(1)}`);
    if (isDrawn && !isOpen && !picture.f0[at + 1]) strokes.push("h1");
    isOpen = isDrawn;
  });
  const d = strokes.join("");
  return make("div", { class: "spectrum" },
    make("img", { src: address(picture.png), alt: "Spectrogram", loading: "lazy", draggable: "false" }),
    draw("svg", { viewBox: "0 0 1000 1000", preserveAspectRatio: "none", role: "img", "aria-label": "Fundamental frequency and word boundaries" },
      edges(take.words, length, 1000, 1000), draw("path", { class: "f0-under", d }), draw("path", { class: "f0-line", d })),
    [100, 200, 500, 1000, 2000, 5000].filter((hertz) => hertz < picture.top * 0.95)
      .map((hertz) => make("span", { class: "hertz", style: { top: `${100 * height(hertz)}%` }, "aria-hidden": "true" }, hertz < 1000 ? hertz : `${hertz / 1000}k`)));
}

function tier(spans, length, name, locale) {
  if (!spans.length) return { root: null, marks: [] };
  const marks = spans.map(([text, start, end]) => ({
    start, end,
    node: make("span", { title: isolated(text), lang: locale, style: { left: `${(100 * start) / length}%`, width: `${(100 * (end - start)) / length}%` } }, said(text)),
  }));
  return { root: make("div", { class: `tier ${name}` }, marks.map((mark) => mark.node)), marks };
}

// What `take` looks like; follows `player` and seeks it when clicked.
function graph(take, player, locale) {
  const { picture } = take;
  if (!picture?.later) return drawn(picture, take, player, locale);
  const holder = make("div", { class: "drawn" }, make("p", { class: "muted drawing" }, "Drawing …"));
  const show = (came) => holder.replaceChildren(...[drawn(came, take, player, locale)].flat().filter(Boolean));
  askServer(`api/picture?${new URLSearchParams({ take: picture.later })}`).then(show, (error) => show({ problem: error.message }));
  return holder;
}

function drawn(picture, take, player, locale) {
  if (!picture || picture.problem) {
    return picture && make("p", { class: "callout" }, "No picture: ", said(picture.problem));
  }
  const length = picture.duration || take.duration || 1;
  const spoken = tier(take.words, length, "words", locale);
  const sounds = tier(take.phones, length, "phones", "und-fonipa");
  const cursor = make("div", { class: "cursor", hidden: true });
  const flaws = take.findings.filter((finding) => typeof finding.start === "number" && finding.outcome === "fail")
    .map((finding) => make("div", { class: "flaw", title: words(finding.check), style: { left: `${(100 * finding.start) / length}%` } }, make("i")));
  const stage = make("div", { class: "stage", style: { width: `${Math.round(Math.max(length * PIXELS_PER_SECOND, take.words.length * PIXELS_PER_WORD))}px` } },
    waveform(picture, take, length), spoken.root, sounds.root, spectrum(picture, take, length), flaws, cursor);
  const root = make("div", { class: "graph", tabindex: 0, role: "group", "aria-label": "Waveform and spectrogram" }, stage);
  if (player) {
    stage.addEventListener("click", (event) => {
      const box = stage.getBoundingClientRect();
      player.seek(((event.clientX - box.left) / box.width) * length);
    });
    player.watchers.push((at) => follow(at, { cursor, root, stage, length, marks: spoken.marks, player }));
  }
  const legend = make("p", { class: "legend" }, make("span", {}, make("i"), "F0 (logarithmic Hz)"), picture.zoom > 1 && make("span", {}, `Quiet: waveform drawn × ${picture.zoom}`),
    make("span", {}, take.source === "engine" ? "Timing from the voice model" : "Timing estimated"));
  return [root, legend];
}

function follow(at, { cursor, root, stage, length, marks, player }) {
  cursor.hidden = at <= 0;
  cursor.style.left = `${(100 * at) / length}%`;
  const isPlaying = !player.audio.paused;
  for (const { node, start, end } of marks) node.classList.toggle("now", isPlaying && at >= start && at < end);
  if (!isPlaying || stage.clientWidth <= root.clientWidth) return;
  const x = (at / length) * stage.clientWidth;
  if (x < root.scrollLeft || x > root.scrollLeft + root.clientWidth - 40) root.scrollLeft = x - 40;
}
