"""Clean lines for the error rates of the gate, spoken or loaded as a take is before mastering."""

from __future__ import annotations

import pickle
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from gate_spec import ROOT, Spec, part_of, read

from renderer.audio.pitch import track_f0
from renderer.bootstrap.house import House, open_house
from renderer.bootstrap.walk import open_render
from renderer.bootstrap.workspace import open_workspace
from renderer.config import Settings
from renderer.domain.direction import Direction, Emotion
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.take import Take
from renderer.domain.transcript import SpokenWord, Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceRef
from renderer.errors import BarklineError, JudgeError
from renderer.quality.defect.material import Sound, Span
from renderer.services.estimate import spread
from renderer.services.perform import Performance
from renderer.speech.add import add_voice
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.whole_file import write_whole


@dataclass(frozen=True, slots=True, eq=False)
class Clean:
    """A clean line, spoken or loaded: a take before mastering."""

    spec: Spec
    take: Take
    performance: Performance
    sound: Sound
    f0_hz: float


class Studio:
    """Opens the house of a render and makes clean lines in it."""

    def __init__(self, build: Path, data: Path | None, threads: int = 1) -> None:
        self.build = build
        voices = build / "voices"
        settings = replace(Settings.read(), voices=voices, threads=threads, workers=1)
        if data is not None:
            _install(data / "voices", voices)
        place = open_workspace(ROOT / "manifests" / "emberfall", settings, build / "house")
        (build / "house").mkdir(parents=True, exist_ok=True)
        self.house: House = open_house(place)
        render = open_render(self.house)
        self.performer, self.finisher = render._performer, render._finisher
        self._plain = EspeakTranscriber(Lexicon([]))
        self._aligner: Any = None

    def clean(self, spec: Spec, locale: str = "") -> Clean | None:
        """Return a clean line, None where it cannot be spoken.

        Args:
            spec: Which.
            locale: Whose rules it is read by instead of its own.
        """
        asked = {**asdict(spec), "path": Path(spec.path).name}
        known = [asked, locale]
        if spec.voice:
            name = VoiceRef.parse(spec.voice).name
            known += [self.house.voices.card(name).model_sha256, self._plain.revision]
        file = self.build / "clean" / f"{digest(known)}.pickle"
        if file.is_file():
            return pickle.loads(file.read_bytes())
        made = self._made(replace(spec, locale=locale) if locale else spec)
        write_whole(file, pickle.dumps(made))
        return made

    def _made(self, spec: Spec) -> Clean | None:
        emotion, _, intensity = spec.emotion.partition(" ")
        direction = Direction(Emotion(emotion or "neutral"), float(intensity or 0))
        said = Utterance(
            spec.id.replace("/", "_"),
            spec.locale,
            "nobody",
            "nowhere",
            spec.text,
            spec.text,
            spec.voice or "hearth#vera",
            direction if spec.voice else Direction(),
        )
        request = self.house.request(said)
        if spec.is_real:
            request = replace(request, recording_key="recording")
        take = Take(0, RenderKey({Part.TEXT: digest([spec.id, spec.text])}), request)
        if spec.is_real:
            performance: Performance | BarklineError = self._recorded(spec, said)
        else:
            performance = self.performer.perform([take], 1)[0]
        if isinstance(performance, BarklineError):
            return None
        words = self._words(spec, performance)
        f0, voiced = track_f0(performance.waveform)
        hz = float(np.median(f0[voiced])) if voiced.any() else 0.0
        return Clean(spec, take, performance, Sound(performance.waveform, words), hz)

    def _recorded(self, spec: Spec, said: Utterance) -> Performance:
        waveform = read(spec.path)
        if spec.part_s:
            waveform = part_of(waveform, spec.part_s)
        heard = self._plain.transcribe([said])[0] if spec.text else None
        if not isinstance(heard, Transcript):
            # Nobody knows the words: only about how many. Checks of the text cannot tell.
            unknown = tuple(SpokenWord("", "", i) for i in range(spec.words))
            heard = Transcript(spec.locale, ("",) * spec.words, unknown)
        return Performance(
            waveform, spread(heard, waveform), heard, "estimated", "recording", may_retry=False
        )

    def _words(self, spec: Spec, made: Performance) -> tuple[Span, ...]:
        """Return where the words are: as the engine says, or as an aligner hears them."""
        if spec.is_real:
            return self._aligned(made) if spec.text and spec.locale.startswith("en") else ()
        spans: dict[int, list[float]] = {}
        for phone in made.phones:
            if phone.word >= 0:
                spans.setdefault(phone.word, []).extend((phone.start_s, phone.end_s))
        return tuple(Span(min(at), max(at)) for _, at in sorted(spans.items()))

    def _aligned(self, made: Performance) -> tuple[Span, ...]:
        from renderer.judges.recogniser import SphinxRecogniser

        self._aligner = self._aligner or SphinxRecogniser()
        try:
            found = self._aligner.align(made.waveform, made.transcript)
        except JudgeError:
            return ()
        is_whole = found.coverage == 1
        return tuple(Span(w.start_s, w.end_s) for w in found.words) if is_whole else ()


def _install(models: Path, voices: Path) -> None:
    for model in sorted(models.glob("en_US-*.onnx")):
        if not (voices / model.stem).is_dir():
            voices.mkdir(parents=True, exist_ok=True)
            add_voice(model, model.with_name(f"{model.name}.json"), voices, model.stem)
