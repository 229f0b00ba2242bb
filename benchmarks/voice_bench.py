"""What the benchmark of voices hears: teachers, copies and students, spoken and judged once.

Sound of the voice under test is kept by the hash of its model, judgements by the hash of the
sound, so that a run that is broken off goes on where it was and sections share what they need.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import librosa
import numpy as np
import onnxruntime
import soundfile
from scipy.spatial.distance import cdist

from renderer.audio.pitch import track_f0
from renderer.audio.waveform import Waveform
from renderer.direction.controls import plan_controls
from renderer.direction.intonation import hand_over
from renderer.direction.stage import direct
from renderer.domain.direction import Direction, Prosody
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.errors import BarklineError, JudgeError
from renderer.judges.dnsmos import DnsmosJudge
from renderer.judges.phone_class import classes_of_ipa
from renderer.judges.recogniser import SphinxRecogniser
from renderer.judges.speaker import SpeakerJudge
from renderer.ports import Speech, SpeechRequest, Synthesiser, VoiceBook
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training.corpus import MEL, Clip, Corpus
from renderer.training.epoch import continue_f0
from renderer.training.features import extract, log_mel
from renderer.training.sound import clip_samples

LOCALES = {"en": "en-US", "de": "de-DE", "fr": "fr-FR", "ca": "ca-ES"}
PLAIN = Prosody()


@dataclass(frozen=True)
class Pair:
    """A speaker in a language."""

    speaker: str
    language: str


@dataclass(frozen=True)
class Taught:
    """A clip of a teacher and where it lies."""

    corpus: Corpus
    clip: Clip


class Bench:
    """One voice, its teachers and the judges."""

    def __init__(
        self, book: VoiceBook, name: str, corpora: Path, texts: Path, cache: Path, count: int
    ) -> None:
        """Take the parts; nothing is loaded before it is needed.

        Args:
            book: Where the voice is.
            name: The voice.
            corpora: Folder of the corpora it was taught with; may be missing.
            texts: Folder with held-out sentences, `<language>.valid.txt`.
            cache: Where sound and judgements are kept.
            count: Sentences per language.
        """
        self.card = book.card(name)
        self._book, self._texts, self._count = book, texts, count
        self._sounds = cache / f"{name}-{self.card.model_sha256[:12] or 'built-in'}"
        self._sounds.mkdir(parents=True, exist_ok=True)
        self._kept_file = cache / "judged.json"
        self._kept: dict[str, dict[str, object]] = _read_json(self._kept_file)
        self._unsaved = 0
        self.taught = _taught(corpora)
        self.transcriber = EspeakTranscriber(Lexicon(()))
        self.dnsmos, self.speaker, self.recogniser = (
            DnsmosJudge(),
            SpeakerJudge(),
            SphinxRecogniser(),
        )

    @cached_property
    def voice(self) -> Synthesiser:
        return self._book.open(self.card.name)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        spoken = {code.split("-")[0] for code in self.card.languages}
        return tuple(code for code in LOCALES if not spoken or code in spoken)

    @property
    def speakers(self) -> tuple[str, ...]:
        return tuple(self.card.speakers) or ("",)

    def pairs(self, baseline: str, *, cross: bool) -> list[Pair]:
        """Return who is measured: everyone with a teacher; `cross`: everyone in every language.

        Teachers whose name begins with `baseline` are measured too, though no student is theirs.
        """
        learnt = {Pair(speaker, language) for speaker, language, _ in self.taught}
        own = [
            Pair(speaker, language)
            for language in self.languages
            for speaker in self.speakers
            if cross or not learnt or Pair(speaker, language) in learnt
        ]
        if not own:  # a voice that none of these corpora taught
            own = [Pair(s, self.languages[0]) for s in self.speakers]
        others = sorted(
            (p for p in learnt if p not in own and baseline and p.speaker.startswith(baseline)),
            key=lambda p: (p.language, p.speaker),
        )
        return own + [p for p in others if p.language in self.languages]

    def sentences(self, language: str) -> list[str]:
        path = self._texts / f"{language}.valid.txt"
        return [t for t in path.read_text("utf-8").splitlines() if t.strip()][: self._count]

    # -- sound -----------------------------------------------------------------------------------

    def teacher(self, pair: Pair, text: str) -> Waveform | None:
        found = self.taught.get((pair.speaker, pair.language, text))
        if found is None:
            return None
        return Waveform(clip_samples(found.corpus, found.clip), found.corpus.spec.sample_rate)

    def copied(self, pair: Pair, text: str) -> Waveform | None:
        """The vocoder alone, on the teacher's own mel and F0."""
        found = self.taught.get((pair.speaker, pair.language, text))
        if found is None or self._vocoder is None:
            return None
        path = self._path("copy", pair, text, PLAIN)
        if not path.exists():
            samples = clip_samples(found.corpus, found.clip)
            features = extract(samples, found.corpus.speakers[pair.speaker])
            f0 = continue_f0(features.f0, features.voiced)
            noise = np.random.default_rng(0).standard_normal(f0.size * MEL.hop_length)
            (made,) = self._vocoder.run(
                None,
                {
                    "mel": features.mel[None].astype(np.float32),
                    "f0": f0[None].astype(np.float32),
                    "voiced": features.voiced[None].astype(np.float32),
                    "noise": noise[None].astype(np.float32),
                },
            )
            _write(path, Waveform.of(made[0], MEL.sample_rate))
        return _read(path)

    @cached_property
    def _vocoder(self) -> onnxruntime.InferenceSession | None:
        path = Path(self.card.folder) / "vocoder.onnx"
        if not self.card.folder or not path.exists():
            return None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        return onnxruntime.InferenceSession(path.read_bytes(), options, ["CPUExecutionProvider"])

    def student(self, pair: Pair, text: str, prosody: Prosody = PLAIN) -> Waveform | None:
        """The voice itself, asked as `services.perform` does; None: it cannot say that."""
        if pair.speaker not in self.speakers:
            return None
        path = self._path("student", pair, text, prosody)
        if not path.exists():
            try:
                _write(path, self._speak(pair, text, prosody))
            except BarklineError as error:
                print(f"{pair}: {text!r}: {error}")
                return None
        return _read(path)

    def _speak(self, pair: Pair, text: str, prosody: Prosody) -> Waveform:
        transcript = self.transcript(text, pair.language)
        engine, signal = plan_controls(Direction(prosody=prosody), transcript)
        request = self.request(transcript, pair.speaker, engine.rate)
        if self.voice.has_intonation:
            intonation, signal = hand_over(signal)
            request = self.request(transcript, pair.speaker, engine.rate, intonation=intonation)
        (said,) = self.voice.speak([request])
        if not isinstance(said, Speech):
            raise said
        return direct(said.waveform, said.phones, signal)[0]

    @staticmethod
    def request(
        transcript: Transcript, speaker: str, rate: float = 1.0, **more: object
    ) -> SpeechRequest:
        """One request without variation."""
        return SpeechRequest(transcript, speaker, rate, noise_scale=0.0, noise_w=0.0, **more)

    def transcript(self, text: str, language: str) -> Transcript:
        said = Utterance("bench", LOCALES[language], "bench", "bench", text, text, "bench")
        (answer,) = self.transcriber.transcribe([said])
        if not isinstance(answer, Transcript):
            raise answer
        return answer

    def _path(self, kind: str, pair: Pair, text: str, prosody: Prosody) -> Path:
        asked = "" if prosody == PLAIN else repr(prosody)
        digest = hashlib.sha256(f"{text}\n{asked}".encode()).hexdigest()[:16]
        who = re.sub(r"[^a-z0-9-]", "_", pair.speaker.lower()) or "default"
        suffix = "wav" if asked else "flac"  # what is asked to be louder may pass full scale
        return self._sounds / f"{kind}-{who}-{pair.language}-{digest}.{suffix}"

    # -- judgements ------------------------------------------------------------------------------

    def judged(self, waveform: Waveform, name: str, judge: Callable[[], object]) -> object:
        """Return a judgement of a sound, made once; None when the judge had nothing to say."""
        key = hashlib.sha256(waveform.samples.tobytes()).hexdigest()[:24]
        kept = self._kept.setdefault(key, {})
        if name not in kept:
            try:
                kept[name] = judge()
            except JudgeError:
                kept[name] = None
            self._unsaved += 1
            if self._unsaved >= 50:
                self.save()
        return kept[name]

    def save(self) -> None:
        self._unsaved = 0
        temporary = self._kept_file.with_suffix(".new")
        temporary.write_text(json.dumps(self._kept), encoding="utf-8")
        temporary.replace(self._kept_file)

    def mos(self, waveform: Waveform) -> np.ndarray | None:
        """OVRL and P.808."""

        def judge() -> list[float]:
            (scores,) = self.dnsmos.score([waveform])
            if isinstance(scores, JudgeError):
                raise scores
            return [scores["dnsmos_ovrl"], scores["dnsmos_p808"]]

        found = self.judged(waveform, f"mos {self.dnsmos.revision}", judge)
        return None if found is None else np.array(found)

    def vector(self, waveform: Waveform) -> np.ndarray | None:
        def judge() -> list[float]:
            (made,) = self.speaker.embed([waveform])
            if isinstance(made, JudgeError):
                raise made
            return [round(float(x), 6) for x in made]

        found = self.judged(waveform, f"who {self.speaker.revision}", judge)
        return None if found is None else np.array(found)

    def aligned(self, waveform: Waveform, text: str, language: str) -> tuple[float, float]:
        """Score and coverage of the text; 0, 0 when it does not fit at all."""

        def judge() -> list[float]:
            made = self.recogniser.align(waveform, self.transcript(text, language))
            return [made.score, made.coverage]

        found = self.judged(waveform, f"said {self.recogniser.revision} {text}", judge)
        return (0.0, 0.0) if found is None else (found[0], found[1])

    def heard(self, waveform: Waveform) -> str | None:
        def judge() -> str:
            return self.recogniser.classes(waveform)

        return self.judged(waveform, f"phones {self.recogniser.revision}", judge)

    def expected(self, text: str, language: str) -> str:
        words = self.transcript(text, language).words
        return classes_of_ipa(word.phonemes for word in words)


def _taught(corpora: Path) -> Mapping[tuple[str, str, str], Taught]:
    """Held-out clips by speaker, language and text."""
    found = {}
    for file in sorted(corpora.glob("*/corpus.json")):
        corpus = Corpus.load(file.parent)
        for clip in corpus.usable("valid"):
            found.setdefault((clip.speaker, clip.language, clip.text), Taught(corpus, clip))
    return found


def distance(one: Waveform, other: Waveform, bounds: Sequence[float]) -> tuple[float, float]:
    """Return log-mel L1 and F0 error (RMS, semitones) along the cheapest path between two sounds.

    Both count pauses too; F0 only where both are voiced.
    """
    mels = [log_mel(w.samples, MEL).T for w in (one, other)]
    cost = cdist(*mels, "cityblock") / MEL.n_mels
    _, path = librosa.sequence.dtw(C=cost)
    l1 = float(cost[path[:, 0], path[:, 1]].mean())
    tones = []
    for sound, mel, at in zip((one, other), mels, path.T, strict=True):
        f0, _ = track_f0(sound, *bounds, MEL.hop_length / MEL.sample_rate)
        tones.append(np.resize(f0, len(mel))[at])
    both = (tones[0] > 0) & (tones[1] > 0)
    if not both.any():
        return l1, float("nan")
    error = 12 * np.log2(tones[0][both] / tones[1][both])
    return l1, float(np.sqrt(np.mean(error**2)))


def _read_json(path: Path) -> dict[str, dict[str, object]]:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _write(path: Path, waveform: Waveform) -> None:
    temporary = path.with_name(f"new-{path.name}")
    subtype = "FLOAT" if path.suffix == ".wav" else "PCM_16"
    soundfile.write(temporary, waveform.samples, waveform.sample_rate, subtype=subtype)
    temporary.replace(path)


def _read(path: Path) -> Waveform:
    samples, rate = soundfile.read(path, dtype="float32")
    return Waveform.of(samples, rate)
