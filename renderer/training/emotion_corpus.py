"""Our own renders as lessons in emotion: voices say sentences in every emotion and are measured.

A row is one render. Every other row to learn from is said exactly as the direction stage says
it, the rest as an actor of the measured spread would: the profile's medians are shifted by what
actors differ by (`half_quartile_range`), so that a judge does not learn eight exact shapes. Rows of
held-out sentences are always exact: they are what a game gets.

Only what a voice pack says is in here; recordings of people are not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.audio.mastering import master, voice_gain_db
from renderer.audio.waveform import Waveform
from renderer.direction.controls import plan_controls
from renderer.direction.intonation import hand_over
from renderer.direction.profile import EmotionProfiles, EmotionShape
from renderer.direction.stage import direct
from renderer.domain.direction import Direction, Emotion
from renderer.domain.project import MasteringTarget
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.errors import BarklineError, TrainingError
from renderer.ports import Speech, SpeechRequest, Synthesiser, Transcriber
from renderer.quality.emotion_features import NAMES, measure_emotion

Floats = npt.NDArray[np.float64]
Spread = Mapping[tuple[str, float], Mapping[str, float]]

INTENSITIES = (0.5, 0.75, 1.0)
ROWS_FILE = "rows.jsonl"
_FACTORS = frozenset({"pitch_range", "rate", "pause_scale"})
_SIGMA_PER_HALF_QUARTILE = 1 / 0.6745  # of a normal distribution
# How far a line said neutrally differs from another one; sets the width where nothing is measured.
_OWN_SPREAD = {
    "pitch_st": 0.7,
    "pitch_range": 0.12,
    "rate": 0.05,
    "energy_db": 1.0,
    "tilt_db": 0.7,
    "pause_scale": 0.1,
}
_PASSAGES = 3  # sentences a voice's gain is measured on
_BATCH = 8


@dataclass(frozen=True, slots=True)
class Render:
    """One line to render.

    Attributes:
        speaker: Of the voice.
        text: What is said.
        emotion: How.
        intensity: 0–1.
        is_varied: Whether an actor's own way is added to the profile.
        is_held_out: Whether the sentence is kept from learning.
        seed: Of the engine and of the variation.
    """

    speaker: str
    text: str
    emotion: str
    intensity: float
    is_varied: bool
    is_held_out: bool
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One measured render.

    Attributes:
        render: What was asked.
        features: float64 (len(NAMES),), as `measure_emotion` returns them.
    """

    render: Render
    features: Floats


@dataclass(frozen=True, slots=True)
class Stage:
    """Who speaks and what is behind it.

    Attributes:
        voice: The loaded voice.
        transcriber: Text to phonemes.
        profiles: The shapes of the emotions.
        spread: How far actors differ (`read_spread`).
        locale: BCP 47 tag of the sentences.
    """

    voice: Synthesiser
    transcriber: Transcriber
    profiles: EmotionProfiles
    spread: Spread
    locale: str = "en-US"


def plan_renders(
    speakers: Sequence[str],
    texts: Sequence[str],
    held_out: Sequence[str],
    lines: int,
    seed: int,
) -> list[Render]:
    """Draw what is to be said by whom and how; the same seed draws the same.

    Args:
        speakers: Of the voice.
        texts: To learn from.
        held_out: To validate on; a sentence must not be in both.
        lines: Per speaker and emotion to learn from, twice as many for neutral; a third of that
            (at least one) is added to validate on.
        seed: Of every draw.

    Raises:
        TrainingError: A sentence is in both sets, or one of them is empty.
    """
    if not texts or not held_out or set(texts) & set(held_out):
        raise TrainingError("Emotion needs two sets of sentences that have none in common.")
    rng = np.random.default_rng(seed)
    made = []
    for speaker in speakers:
        for emotion in Emotion:
            times = 2 if emotion is Emotion.NEUTRAL else 1
            for number in range(lines * times):
                made.append(_drawn(rng, speaker, emotion, texts, number, is_held_out=False))
            for number in range(max(1, lines // 3) * times):
                made.append(_drawn(rng, speaker, emotion, held_out, number, is_held_out=True))
    return made


def _drawn(
    rng: np.random.Generator,
    speaker: str,
    emotion: Emotion,
    texts: Sequence[str],
    number: int,
    *,
    is_held_out: bool,
) -> Render:
    text = texts[int(rng.integers(len(texts)))]
    intensity = INTENSITIES[-1 - number % len(INTENSITIES)]
    level = 0.0 if emotion is Emotion.NEUTRAL else intensity
    varied = number % 2 == 0 and not is_held_out
    seed = int(rng.integers(2**31))
    return Render(speaker, text, emotion.value, level, varied, is_held_out, seed)


def read_spread(path: Path) -> Spread:
    """Read how far actors differ from `emotion_profiles.json`: (emotion, intensity) → σ by name.

    Raises:
        TrainingError: The file is not as `direction.profile.read_profiles` has it.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {
            (emotion, float(level)): {
                name: float(part["half_quartile_range"]) * _SIGMA_PER_HALF_QUARTILE
                for name, part in row["measured"].items()
            }
            for emotion, levels in document["emotions"].items()
            for level, row in levels.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"{path} says not how far actors differ: {error!r}") from error


def varied_shape(shape: EmotionShape, render: Render, spread: Spread) -> EmotionShape:
    """Return the shape as one actor of the spread would have it; `render.seed` draws the actor.

    What is in between recorded intensities takes the spread of the nearest one above.
    """
    rng = np.random.default_rng(render.seed)
    levels = sorted(level for emotion, level in spread if emotion == render.emotion)
    level = next((one for one in levels if one >= render.intensity), levels[-1] if levels else 0.0)
    widths = spread.get((render.emotion, level), {})
    changed = {}
    for name, value in shape.plain().items():
        width = math.hypot(widths.get(name, 0.0), _OWN_SPREAD[name])
        away = float(np.clip(rng.standard_normal(), -2.0, 2.0)) * width
        changed[name] = value * math.exp(away / value) if name in _FACTORS else value + away
    return EmotionShape(**changed)


def render_rows(
    stage: Stage,
    renders: Sequence[Render],
    folder: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[Row], int]:
    """Let the voice say what is planned and measure it; goes on where it was stopped.

    Args:
        stage: Who speaks.
        renders: What.
        folder: Where rows are kept, `rows.jsonl`; rows of another plan or voice in it are left out.
        progress: Told how many are done.

    Returns:
        The rows in the order of the plan, and how many lines gave none (too short to hear).
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ROWS_FILE
    key = stage.voice.card.model_sha256
    kept = _read_rows(path, key)
    todo = [one for one in renders if one not in kept]
    with path.open("a", encoding="utf-8") as file:
        for speaker in dict.fromkeys(one.speaker for one in todo):
            mine = [one for one in todo if one.speaker == speaker]
            gain_db = _gain(stage, speaker, [one.text for one in renders if one.speaker == speaker])
            for start in range(0, len(mine), _BATCH):
                batch = mine[start : start + _BATCH]
                for one, features in zip(batch, _measured(stage, batch, gain_db), strict=True):
                    kept[one] = features
                    file.write(json.dumps(_plain(one, features, key)) + "\n")
                file.flush()
                progress(sum(one in kept for one in renders), len(renders))
    rows = [Row(one, found) for one in renders if (found := kept[one]) is not None]
    return rows, len(renders) - len(rows)


def _plain(render: Render, features: Floats | None, key: str) -> dict[str, Any]:
    values = None if features is None else [float(f"{value:.6g}") for value in features]
    return {"model": key, "names": len(NAMES), **asdict(render), "features": values}


def _read_rows(path: Path, key: str) -> dict[Render, Floats | None]:
    """Read what is there already; a last line that was cut off is left out."""
    kept: dict[Render, Floats | None] = {}
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        try:
            stored = json.loads(line)
        except ValueError:
            continue
        features = stored.pop("features")
        if stored.pop("model") != key or stored.pop("names") != len(NAMES):
            continue
        kept[Render(**stored)] = None if features is None else np.array(features)
    return kept


def _gain(stage: Stage, speaker: str, texts: Sequence[str]) -> float:
    """Return the gain of a speaker, as a project would measure it: on neutral speech."""
    longest = sorted(set(texts), key=lambda text: (-len(text), text))[:_PASSAGES]
    plain = [Render(speaker, text, "neutral", 0.0, False, False, 0) for text in longest]
    spoken = [w for w in _spoken(stage, plain) if isinstance(w, Waveform)]
    if not spoken:
        raise TrainingError(f"speaker {speaker!r} says nothing: {stage.voice.card.name}")
    return voice_gain_db(spoken, MasteringTarget())


def _measured(stage: Stage, renders: Sequence[Render], gain_db: float) -> Iterator[Floats | None]:
    for sound in _spoken(stage, renders):
        try:
            if not isinstance(sound, Waveform):
                raise sound
            yield measure_emotion(master(sound, MasteringTarget(), gain_db).waveform)
        except BarklineError:
            yield None


def _spoken(stage: Stage, renders: Sequence[Render]) -> list[Waveform | BarklineError]:
    """Say lines as `services.perform` does, before mastering."""
    lines = [
        Utterance(f"e{i}", stage.locale, "", "", one.text, one.text, "")
        for i, one in enumerate(renders)
    ]
    made: dict[int, Waveform | BarklineError] = {}
    asked = []
    for i, transcript in enumerate(stage.transcriber.transcribe(lines)):
        if isinstance(transcript, Transcript):
            asked.append((i, *_controls(stage, renders[i], transcript)))
        else:
            made[i] = transcript
    answers = stage.voice.speak([request for _, request, _ in asked])
    for (i, _, signal), answer in zip(asked, answers, strict=True):
        made[i] = (
            direct(answer.waveform, answer.phones, signal)[0]
            if isinstance(answer, Speech)
            else answer
        )
    return [made[i] for i in range(len(renders))]


def _controls(stage: Stage, render: Render, transcript: Transcript) -> tuple[SpeechRequest, Any]:
    emotion = Emotion(render.emotion)
    shape = stage.profiles.shape(emotion, render.intensity)
    if render.is_varied:
        shape = varied_shape(shape, render, stage.spread)
    direction = Direction(emotion, render.intensity)
    engine, signal = plan_controls(direction, transcript, shape)
    request = SpeechRequest(
        transcript,
        render.speaker,
        engine.rate,
        seed=render.seed,
        pause_scale=engine.pause_scale,
    )
    if not stage.voice.has_intonation:
        return request, signal
    intonation, left = hand_over(signal)
    return replace(request, intonation=intonation), left
