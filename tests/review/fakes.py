"""Lines, decisions and renders in memory, with the interface of the real ones."""

from __future__ import annotations

import functools
import hashlib
import io
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from renderer.audio.waveform import Waveform
from renderer.domain.direction import Direction, Emotion, Emphasis, Prosody, WordEdit
from renderer.domain.reading import LineReading, ProjectReading, TakeReading
from renderer.domain.review import (
    Choice,
    Decision,
    Reception,
    Reviewed,
    Standing,
    follow,
    holding,
    in_force,
    what_changed,
    why_not,
)
from renderer.domain.take import Alignment, Attempt, TakeStatus, WordSpan
from renderer.domain.utterance import Origin, Utterance
from renderer.domain.verdict import Finding, Outcome, Verdict
from renderer.errors import AudioError, ObjectMissingError
from renderer.ports import LineKey
from renderer.report.gallery import Gallery
from renderer.report.picture import Pictures, draw_sound
from renderer.web.board import Board
from renderer.web.door import Door
from renderer.web.feed import Feed
from renderer.web.reviewing import Reviewing, Sources

HOSTILE = (
    "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=2>\u2028\u202e&"
)
GAP = Finding(
    "gap", Outcome.FAIL, 0.92, 0.6, "<=", "s", "A silence inside.", "Use a comma.", start_s=0.9
)
PACE = Finding("pace", Outcome.FAIL, 0.24, 0.2, "<=", "s", "Too slow.", "Ask for a higher rate.")
LEVEL = Finding("level", Outcome.PASS, -23.0, -60.0, ">=", "LUFS", "Loud enough.")
DEAF = Finding("word_error", Outcome.INCONCLUSIVE, None, None, "", "1", "Too short to be heard.")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        """Do not."""


def key_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@functools.cache
def voice(seconds: float, hertz: float = 140.0, pause: float = 0.0) -> Waveform:
    """A voice-like buzz: glides, syllables, and a pause."""
    t = np.arange(int(seconds * 24_000)) / 24_000
    f0 = hertz * (1 + 0.25 * np.sin(2 * np.pi * 0.45 * t) - 0.1 * t / seconds)
    phase = 2 * np.pi * np.cumsum(f0) / 24_000
    formant = 1.0 + 0.7 * np.sin(2 * np.pi * 2.9 * t)
    buzz = sum(
        np.sin(n * phase) / n * np.exp(-(((n * f0 / 1000.0) - formant) ** 2)) for n in range(1, 24)
    )
    syllables = np.clip(np.sin(2 * np.pi * 3.2 * t) + 0.55, 0, 1) ** 0.7
    quiet = (t > seconds * 0.4) & (t < seconds * 0.4 + pause)
    noise = np.random.default_rng(1).normal(0, 0.004, t.size)
    return Waveform.of(0.22 * buzz * syllables * ~quiet + noise, 24_000)


@functools.cache
def spoken(hertz: float, pause: float = 0.0) -> tuple[bytes, Waveform]:
    """Return two seconds as Ogg, and as they are."""
    sound = voice(2.0, hertz, pause)
    return ogg(sound), sound


def ogg(sound: Waveform) -> bytes:
    import soundfile

    held = io.BytesIO()
    soundfile.write(held, sound.samples, sound.sample_rate, format="OGG", subtype="VORBIS")
    return held.getvalue()


def wav(sound: Waveform) -> bytes:
    import soundfile

    held = io.BytesIO()
    soundfile.write(held, sound.samples, sound.sample_rate, format="WAV", subtype="PCM_16")
    return held.getvalue()


class Store:
    """Sounds by their hash."""

    def __init__(self) -> None:
        self.sounds: dict[str, tuple[bytes, Waveform]] = {}

    def add(self, hertz: float, pause: float = 0.0) -> str:
        data, sound = spoken(hertz, pause)
        name = f"{hashlib.sha256(data).hexdigest()}.ogg"
        self.sounds[name] = data, sound
        return f"audio/{name}"

    def get(self, key: str) -> bytes:
        name = key.rsplit("/", maxsplit=1)[-1]
        if name not in self.sounds:
            raise ObjectMissingError(f"{key} is not in the store")
        return self.sounds[name][0]

    def draw(self, take: TakeReading) -> Pictures | None:
        found = self.sounds.get(take.audio.rsplit("/", maxsplit=1)[-1])
        return draw_sound(found[1]) if found else None


def take(text: str, status: str, audio: str, **more: object) -> TakeReading:
    said = text.split()[:8] or ["–"]
    step = 1.9 / len(said)
    spans = tuple(WordSpan(w, 0.1 + step * i, 0.05 + step * (i + 1)) for i, w in enumerate(said))
    plain = TakeReading(
        render_key=key_of(text + status + audio),
        status=status,
        attempt=1,
        audio=audio,
        duration_s=2.0,
        loudness_lufs=-23.0,
        true_peak_dbtp=-3.1,
        findings=(LEVEL,),
        alignment=Alignment(words=spans, source="engine"),
        voice="hearth#wren",
        text=text,
        finished_at="2026-05-02T10:11:12+00:00",
        sound=key_of(audio) if audio else "",
        against=("level",) if status == "rejected" else (),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def line(number: int, text: str, made: TakeReading | None, **more: object) -> LineReading:
    character = str(more.pop("character", "wren"))
    direction = more.pop("direction", Direction(Emotion.ANGRY if number % 2 else Emotion.SAD, 0.8))
    spoken = Utterance(
        str(more.pop("line_id", f"line_{number:04d}")),
        str(more.pop("locale", "en-US")),
        character,
        "gate",
        text,
        text,
        "hearth#wren",
        direction,  # type: ignore[arg-type]
        tags=("bark",) if number % 5 == 0 else (),
        origin=Origin("scenes/gate.yaml", number + 1),
    )
    return LineReading(spoken, character.title(), made, **more)  # type: ignore[arg-type]


def small_lines(store: Store) -> list[LineReading]:
    """Every kind of line a reviewer meets."""
    one, other, third = (store.add(hz, p) for hz, p in ((140, 0.4), (150, 0), (170, 0)))
    halt = "Halt! Who goes there, at this hour?"
    tried = (
        Attempt(1, "", Verdict.of((GAP, PACE))),
        Attempt(2, "rate × 0.96, another seed", Verdict.of((GAP,))),
    )
    bad = take(
        halt, "rejected", one,
        findings=(GAP, LEVEL, DEAF), attempt=2, tried=tried, tried_audio=(third, one),
    )  # fmt: skip
    asked = Direction(
        Emotion.ANGRY, 0.8, prosody=Prosody(pitch_st=2.0, rate=1.1),
        words=(WordEdit("Halt", 1, Prosody(energy_db=3.0), Emphasis.STRONG, "hɔlt"),),
    )  # fmt: skip
    return [
        line(0, "The embers remember.", take("The embers remember.", "approved", other)),
        line(1, "Café at the gate.", take("Café at the gate.", "approved", third),
             character="tomas"),
        line(2, halt, bad, previous=take("Halt. Who is there?", "approved", other),
             direction=asked),
        line(3, HOSTILE, take(HOSTILE, "rejected", third, findings=(PACE,)),
             character="<b>x</b>"),
        line(4, "Ich gehe nicht.", take("Ich gehe nicht.", "approved", third), locale="de-DE",
             is_stale_translation=True),
        line(5, "Broken.", take("Broken.", "failed", "", error="SynthesisError: <b>no rows</b>")),
        line(6, "Not yet.", take("Not yet.", "pending", "")),
        line(7, "We hold the bridge until dawn.",
             take("We hold the bridge until dawn.", "rejected", other, findings=(PACE, LEVEL))),
    ]  # fmt: skip


def many_lines(count: int = 5_000) -> list[LineReading]:
    made = []
    for i in range(count):
        text = f"Sentence number {i} of the night."
        status, findings = ("rejected", (GAP,)) if i % 10 == 0 else ("approved", (LEVEL,))
        made.append(
            line(i, text, take(text, status, "", findings=findings), character=f"c{i % 12}")
        )
    return made


class FakeReview:
    """Decides in memory, by the rules of the domain."""

    def __init__(self, lines: dict[LineKey, LineReading]) -> None:
        self._lines = lines
        self.made: list[Decision] = []
        self._of: dict[LineKey, list[Decision]] = {}
        self.recordings: list[bytes] = []
        self._lock = threading.Lock()

    def history(self, line_id: str, locale: str) -> list[Decision]:
        return list(self._of.get((line_id, locale), ()))

    def log(self, limit: int | None = None) -> list[Decision]:
        return self.made[::-1][:limit]

    def decide(
        self,
        decisions: Sequence[Decision],
        seen: Mapping[LineKey, int],
        *,
        keeps_rest: bool = False,
    ) -> list[Reviewed]:
        assert keeps_rest
        with self._lock:
            return [self._decide(d, seen.get(d.key, 0)) for d in decisions]

    def replace(self, decision: Decision, seen: int, data: bytes) -> Reviewed:
        if not data.startswith(b"RIFF"):
            raise AudioError("This is no sound that can be read: hand in a WAV file.")
        self.recordings.append(data)
        change = {"recording": f"objects/aa/{key_of('x')}.wav", "before": ""}
        return self.decide(
            [replace(decision, change=change)], {decision.key: seen}, keeps_rest=True
        )[0]

    def _decide(self, decision: Decision, seen: int) -> Reviewed:
        found = self._lines.get(decision.key)
        if found is None or found.take is None:
            return Reviewed(decision, Reception.REFUSED, "There is no such line. Correct it.")
        before = self.history(*decision.key)
        known = next((d for d in before if d.id == decision.id), None)
        if known is not None:
            return Reviewed(known, Reception.KNOWN, "it was recorded before")
        if (before[-1].sequence if before else 0) != seen:
            return Reviewed(decision, Reception.CONFLICT, before[-1].describe())
        changed = what_changed(decision, found.take.sound, found.take.against)
        if not decision.is_undo and decision.render_key != found.take.render_key:
            changed = "the line has another take by now"
        if changed:
            return Reviewed(decision, Reception.CONFLICT, f"{changed}: hear it again, then decide")
        standing = Standing(found.take.render_key, TakeStatus(found.take.status), found.take.sound)
        why = "" if decision.is_undo else why_not(decision.choice, standing)
        if decision.is_undo and decision.undoes not in [d.id for d in in_force(before)]:
            why = "There is no such decision about this line, or it is undone already."
        if why:
            return Reviewed(decision, Reception.REFUSED, why)
        made = follow(before, decision)
        self.made.append(made)
        self._of.setdefault(made.key, []).append(made)
        self.note(decision.key)
        return Reviewed(made, Reception.RECORDED)

    def note(self, key: LineKey) -> None:
        """Let the line's reading say what holds now."""
        found, history = self._lines[key], self.history(*key)
        held = None
        if found.take:
            held = holding(history, Standing(found.take.render_key, TakeStatus.APPROVED))
        self._lines[key] = replace(
            found, decision=held, decided=history[-1].sequence if history else 0
        )


@dataclass
class FakeRenders:
    """Remembers what it was asked, and renders it when told to."""

    asked: list[LineKey] = field(default_factory=list)

    def ask(self, keys: Sequence[LineKey]) -> None:
        self.asked += keys


class Studio:
    """A whole review page in memory."""

    def __init__(self, folder: Path, lines: Iterable[LineReading] | None = None) -> None:
        self.store = Store()
        given = small_lines(self.store) if lines is None else lines
        self.lines = {made.utterance.key: made for made in given}
        self.old: dict[str, TakeReading] = {}
        self.review = FakeReview(self.lines)
        self.renders = FakeRenders()
        self.clock = Clock()
        self.feed = Feed()
        project = ProjectReading("emberfall", "2026-05-02T10:11:12+00:00", (), version="0.1.0")
        self.board = Board(self._read, project)
        self.board.load()
        sources = Sources(self._read, self._takes, self.store.get, Gallery(folder, self.store.draw))
        self.reviewing = Reviewing(self.board, self.review, self.renders, sources, self.feed)
        self.door = Door("Ada")

    def _read(self, keys: Sequence[LineKey] | None) -> Iterator[LineReading]:
        wanted = list(self.lines) if keys is None else keys
        return iter([self.lines[key] for key in wanted if key in self.lines])

    def _takes(self, keys: Sequence[str]) -> list[TakeReading]:
        every = [t for made in self.lines.values() for t in (made.take, made.previous) if t]
        known = {t.render_key: t for t in every} | self.old
        return [known[key] for key in keys if key in known]

    def arrive(self, key: LineKey, status: str = "approved", hertz: float = 180.0) -> None:
        """Let a take that was asked for be finished, and tell the pages."""
        found = self.lines[key]
        if found.take:
            self.old[found.take.render_key] = found.take
        fresh = take(found.utterance.text, status, self.store.add(hertz))
        self.lines[key] = replace(found, take=fresh)
        self.review.note(key)
        self.reviewing.refresh([key])

    def decide(
        self, who: str, key: LineKey, choice: Choice, *, is_told: bool = True, **more: object
    ) -> Decision:
        """Let somebody else decide about a line as it is, and tell the pages."""
        found = self.lines[key]
        assert found.take
        plain = Decision(
            f"{len(self.review.made) + 1:032x}", *key, found.take.render_key, choice, who,
            self.clock.at,
        )  # fmt: skip
        asked = replace(plain, **more)  # type: ignore[arg-type]
        [reviewed] = self.review.decide([asked], {key: found.decided}, keeps_rest=True)
        assert reviewed.reception is Reception.RECORDED, reviewed
        if is_told:
            self.reviewing.refresh([key])
        return reviewed.decision

    def keys(self) -> list[LineKey]:
        return list(self.lines)


__all__ = ["HOSTILE", "Choice", "Studio", "many_lines", "voice", "wav"]
