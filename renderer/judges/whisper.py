"""A larger recogniser behind the same port: Whisper, by faster-whisper, from a folder of yours.

It hears whole words in many languages and none of the phones; a word it does not write as the text
has it counts as another. Nothing is downloaded: the folder is the user's.

References:
    Radford et al. (2022), "Robust speech recognition via large-scale weak supervision".
    faster-whisper (MIT) and CTranslate2 (MIT).
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from renderer.audio.mastering import resample
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.domain.words import fold
from renderer.errors import JudgeError, UnhearableError
from renderer.ports.judge import HeardWord, WordAlignment
from renderer.quality.heard import ExpectedWord, Heard, HeardUnit, match

RATE = 16_000
LONGEST_S = 60.0
SILENT_PEAK = 1e-4
MODEL_FILE = "model.bin"
# Without the second faster-whisper would look for it on the net.
FILES = (MODEL_FILE, "tokenizer.json")
_HOW = (
    "Put a converted model (model.bin, config.json, tokenizer.json, vocabulary) into a folder: "
    "`ct2-transformers-converter --model openai/whisper-small --copy_files tokenizer.json "
    "preprocessor_config.json --output_dir FOLDER` makes one."
)


class WhisperRecogniser:
    """Recognises words. The model is loaded on first use and used by one thread at a time.

    Args:
        folder: A Whisper model in CTranslate2's format.
        threads: Of the processor.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._folder = folder
        self._threads = threads
        self._lock = threading.Lock()
        self._model: Any = None

    @property
    def revision(self) -> str:
        """Name of the runner and of the model's folder."""
        return f"faster-whisper-{self._folder.name}-1"

    @property
    def languages(self) -> None:
        """Whatever it is told: models of one language and of a hundred look alike."""
        return

    def load(self) -> None:
        """Load the model now, if it is not loaded yet.

        Raises:
            JudgeError: It cannot be used; says why and what to do.
        """
        with self._lock:
            self._loaded()

    def align(self, waveform: Waveform, transcript: Transcript) -> WordAlignment:
        """Hold a text against the words that are heard; a missing word is not found, at 0 s.

        Args:
            waveform: Of any rate and level, at most a minute.
            transcript: What should have been said.

        Raises:
            JudgeError: There is nothing to hear, or the model cannot be used.
        """
        words = self._words(waveform, transcript.locale)
        units = [_unit(word) for word in words]
        found = dict(match([_key(w.text) for w in transcript.words], units))
        aligned = tuple(
            _heard_word(words[found[i]]) if i in found else HeardWord(0.0, 0.0, 0.0, False)
            for i in range(len(transcript.words))
        )
        mean = sum(word.score for word in aligned) / max(1, len(aligned))
        return WordAlignment(mean, aligned)

    def hear(self, waveform: Waveform, transcript: Transcript) -> Heard:
        """Say which words are heard; those that the text has not are sounds.

        A letter counts as a phone: Whisper writes words and says nothing of phones.

        Args:
            waveform: Of any rate and level, at most a minute.
            transcript: What should have been said.

        Raises:
            JudgeError: There is nothing to hear or to hold it against, or the model cannot be used.
        """
        if not transcript.words:
            raise JudgeError("there is no word to hear")
        expected = tuple(
            ExpectedWord(_key(w.text), max(1, len(_key(w.text)))) for w in transcript.words
        )
        keys = {word.key for word in expected}
        heard = [_unit(word) for word in self._words(waveform, transcript.locale)]
        units = tuple(
            unit if unit.key in keys else HeardUnit("", unit.phones, unit.start_s, unit.end_s)
            for unit in heard
        )
        return Heard(expected, units, waveform.duration_s)

    def classes(self, waveform: Waveform) -> str:
        """Whisper hears words, and no phones.

        Raises:
            JudgeError: Always.
        """
        raise JudgeError("Whisper hears words and no phones; use pocketsphinx for phone classes.")

    def _words(self, waveform: Waveform, locale: str) -> list[Any]:
        samples = _samples(waveform)
        language = locale.replace("_", "-").split("-")[0].lower()
        with self._lock:
            model = self._loaded()
            try:
                segments, _ = model.transcribe(
                    samples,
                    language=language,
                    word_timestamps=True,
                    beam_size=1,
                    temperature=0.0,
                    condition_on_previous_text=False,
                )
                words = [word for segment in segments for word in segment.words or ()]
            except (RuntimeError, ValueError) as error:
                raise JudgeError(f"Whisper could not listen: {error}") from error
        return [word for word in words if _key(word.word)]

    def _loaded(self) -> Any:  # noqa: ANN401 - faster-whisper is untyped
        if self._model is None:
            self._model = _load(self._folder, self._threads)
        return self._model


def _load(folder: Path, threads: int) -> Any:  # noqa: ANN401
    if lacking := [name for name in FILES if not (folder / name).is_file()]:
        raise JudgeError(f"{folder} holds no Whisper model: no {' and no '.join(lacking)}. {_HOW}")
    try:
        from faster_whisper import WhisperModel  # type: ignore[import-not-found]
    except ImportError as error:
        message = "Whisper needs faster-whisper: pip install 'barkline[asr]'."
        raise JudgeError(message) from error
    try:
        return WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise JudgeError(f"the Whisper model in {folder} does not load: {error}. {_HOW}") from error


def _samples(waveform: Waveform) -> Any:  # noqa: ANN401
    samples = waveform.samples
    if samples.size == 0 or not np.isfinite(samples).all():
        raise JudgeError("there are no samples, or some are no number")
    if waveform.duration_s > LONGEST_S:
        raise UnhearableError(f"{waveform.duration_s:.0f} s are too long to be listened to at once")
    if float(np.abs(samples).max()) < SILENT_PEAK:
        raise JudgeError("the sound is silent")
    return resample(waveform, RATE).samples


def _key(text: str) -> str:
    """Return a word without its marks, as both texts write it.

    >>> _key(" Don’t!")
    "don't"
    """
    return fold("".join(c for c in text if c.isalnum() or c in "'’").strip("'’"))


def _unit(word: Any) -> HeardUnit:  # noqa: ANN401
    key = _key(word.word)
    return HeardUnit(key, max(1, len(key)), float(word.start), float(word.end))


def _heard_word(word: Any) -> HeardWord:  # noqa: ANN401
    score = min(1.0, max(0.0, float(word.probability)))
    return HeardWord(float(word.start), float(word.end), score, is_found=True)
