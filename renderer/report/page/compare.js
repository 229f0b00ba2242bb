"use strict";
// A/B: both sounds of a line are one player; a switch goes on at the same place of the other.
(() => {
  let playing = null;
  const stop = () => { if (playing) { playing.pause(); playing = null; } };
  const mark = (card, side) => {
    for (const button of card.querySelectorAll("button[data-side]")) button.setAttribute("aria-pressed", String(button.dataset.side === side));
  };
  const play = (card, side, keeps) => {
    const next = card.querySelector(`audio[data-side="${side}"]`);
    if (!next) return;
    const share = keeps && playing && card.contains(playing) && playing.duration ? playing.currentTime / playing.duration : 0;
    stop();
    playing = next;
    next.currentTime = share && next.duration ? share * next.duration : 0;
    next.play().catch(() => {});
    mark(card, side);
    next.onended = () => mark(card, "");
  };
  const cards = [...document.querySelectorAll(".compared")];
  for (const card of cards) {
    for (const button of card.querySelectorAll("button[data-side]")) {
      button.addEventListener("click", () => {
        const audio = card.querySelector(`audio[data-side="${button.dataset.side}"]`);
        if (playing === audio && !audio.paused) { stop(); mark(card, ""); } else play(card, button.dataset.side, true);
      });
    }
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = cards.findIndex((card) => card.contains(document.activeElement));
    const go = (to) => { const card = cards[Math.min(cards.length - 1, Math.max(0, to))]; if (card) { card.focus(); card.scrollIntoView({ block: "nearest" }); } };
    if (event.key === "j") go(at + 1);
    else if (event.key === "k") go(at - 1);
    else if (at >= 0 && event.key === "a") play(cards[at], "old", true);
    else if (at >= 0 && event.key === "b") play(cards[at], "new", true);
    else if (event.key === "s") stop();
    else return;
    event.preventDefault();
  });
})();
