"""Was it said? A text held against a sound by forced alignment, and phones heard without any text.

The acoustic model is of read English; its scores of another language's phones are good for one
voice against another that says the same, never as a figure by themselves.

What a forced alignment does not tell by itself is a truncated sound: the rest of the text is
squeezed into the shortest phones the model knows (three frames), or the end is never reached. A
word therefore counts as found when it is not squeezed and the model thought it likely.

References:
    Huggins-Daines et al. (2006), "PocketSphinx", ICASSP; version 5.1 with the model `en-us` and
    CMUdict (BSD). Thresholds: eight sentences by four voices, against the same with a word
    replaced and with the end cut off. All 344 right words were found, a third of the 32 wrong ones
    (short ones); of sounds that lacked their last 0.4 s, 29 of 32 lacked words.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from renderer.audio.mastering import resample
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.errors import JudgeError, UnhearableError
from renderer.judges.line_grammar import is_phone, line_grammar, phone_words
from renderer.judges.phone_class import arpabet_of_ipa, classes_of_arpabet
from renderer.ports.judge import HeardWord, WordAlignment
from renderer.quality.heard import ExpectedWord, Heard, HeardUnit

RATE = 16_000
FRAME_S = 0.01
PEAK = 0.7
SILENT_PEAK = 1e-4
LONGEST_S = 60.0
LEAST_SCORE = 0.5  # of a word, per second
LEAST_SHORT_SCORE = 0.4  # of a word of one or two phones: "a" is often three frames
LEAST_FRAMES = 3.4  # per phone, in longer words
# A bad word must not end the search; the lattice that would be searched again loses last words.
_WIDE = {"beam": 1e-100, "wbeam": 1e-80, "pbeam": 1e-100, "bestpath": False}
# A line's grammar has a way out at every word, so its search may be narrow, and the scores rough.
_NARROW = {"beam": 1e-20, "wbeam": 1e-12, "pbeam": 1e-20, "topn": 2, "bestpath": False}
_PLAIN_WEIGHTS = {"lw": 1.0, "pip": 1.0, "wip": 1.0}  # the grammar's chances count as they are
MOST_ADDED = 5_000  # words of other lines a decoder keeps before it is loaded anew
_GRAMMAR = "line"
_ADDED_PREFIX = "ipa-"


class SphinxRecogniser:
    """Aligns and recognises. Decoders are loaded on first use and used by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._aligner: Any = None
        self._listener: Any = None
        self._reader: Any = None
        self._added: set[str] = set()

    @property
    def revision(self) -> str:
        """Name and version of the model and the rules above."""
        return "pocketsphinx-5.1-en-us-2"

    @property
    def languages(self) -> frozenset[str]:
        """English, of which its acoustic model is."""
        return frozenset({"en"})

    def align(self, waveform: Waveform, transcript: Transcript) -> WordAlignment:
        """Hold a text against a sound.

        Args:
            waveform: Of any rate and level, at most a minute.
            transcript: What should have been said. Words the dictionary lacks, and all words of
                other languages than English, are looked for by their phonemes.

        Raises:
            UnhearableError: It is too long, or the phonemes of a word are unknown.
            JudgeError: The text does not fit the sound at all (as when its end is missing), or
                there is nothing to hear.
        """
        heard = _pcm(waveform)
        with self._lock:
            decoder = self._decoder()
            names = [
                _entry(decoder, w.text, w.phonemes, transcript.locale) for w in transcript.words
            ]
            try:
                decoder.set_align_text(" ".join(names))
                _decode(decoder, heard)
                words = list(_words(decoder))
                path = decoder.hyp()
            except RuntimeError as error:
                raise JudgeError(f"the alignment failed: {error}") from error
        if path is None or len(words) != len(names):
            raise JudgeError("the text does not fit the sound")
        score = float(path.score) ** (1 / max(waveform.duration_s, FRAME_S))
        return WordAlignment(min(1.0, score), tuple(words))

    def classes(self, waveform: Waveform) -> str:
        """Return the phones that are heard, as classes (`phone_class`), one letter each.

        Raises:
            JudgeError: There is nothing to hear, or the recogniser failed.
        """
        heard = _pcm(waveform)
        with self._lock:
            decoder = self._phone_decoder()
            try:
                _decode(decoder, heard)
                found = [segment.word for segment in decoder.seg()]
            except (RuntimeError, TypeError) as error:
                raise JudgeError(f"no phones were recognised: {error}") from error
        return classes_of_arpabet(found)

    def hear(self, waveform: Waveform, transcript: Transcript) -> Heard:
        """Say what is heard of a line, and what else.

        Args:
            waveform: Of any rate and level, at most a minute.
            transcript: What should have been said.

        Raises:
            UnhearableError: It is too long, or the phonemes of a word are unknown.
            JudgeError: There is nothing to hear or to hold it against, or the search broke off.
        """
        if not transcript.words:
            raise JudgeError("there is no word to hear")
        heard = _pcm(waveform)
        with self._lock:
            decoder = self._line_decoder()
            names = [
                self._names(decoder, w.text, w.phonemes, transcript.locale)
                for w in transcript.words
            ]
            try:
                grammar = decoder.create_fsg(_GRAMMAR, 0, len(names), line_grammar(names))
                decoder.add_fsg(_GRAMMAR, grammar)
                decoder.activate_search(_GRAMMAR)
                _decode(decoder, heard)
                units = list(_units(decoder, names))
            except (RuntimeError, ValueError) as error:
                raise JudgeError(f"the line could not be listened to: {error}") from error
            expected = [ExpectedWord(some[0], _phones(decoder, some[0])) for some in names]
        return Heard(tuple(expected), tuple(units), waveform.duration_s)

    def _names(self, decoder: Any, text: str, ipa: str, locale: str) -> list[str]:  # noqa: ANN401
        """Return the dictionary's name of a word, and that of the phonemes it is spoken with."""
        names = [_entry(decoder, text, ipa, locale)]
        if sounds := arpabet_of_ipa(ipa):
            names.append(_sounds_entry(decoder, sounds))
        self._added.update(name for name in names if name.startswith(_ADDED_PREFIX))
        return list(dict.fromkeys(names))

    def _line_decoder(self) -> Any:  # noqa: ANN401
        if self._reader is None or len(self._added) > MOST_ADDED:
            self._reader, self._added = _load(lm=None, **_NARROW, **_PLAIN_WEIGHTS), set()
            for name, phone in phone_words().items():
                self._reader.add_word(name, phone, False)
        return self._reader

    def _decoder(self) -> Any:  # noqa: ANN401 - pocketsphinx is untyped
        if self._aligner is None:
            self._aligner = _load(lm=None, **_WIDE)
        return self._aligner

    def _phone_decoder(self) -> Any:  # noqa: ANN401
        if self._listener is None:
            model = _model_folder() / "en-us-phone.lm.bin"
            self._listener = _load(allphone=str(model), lw=2.0, beam=1e-20, pbeam=1e-20)
        return self._listener


def _model_folder() -> Path:
    try:
        from pocketsphinx import get_model_path  # type: ignore[import-untyped]
    except ImportError as error:
        raise JudgeError(
            "Holding text against sound needs pocketsphinx: pip install 'barkline[cpu]'."
        ) from error
    return Path(get_model_path()) / "en-us"


def _load(**options: object) -> Any:  # noqa: ANN401
    folder = _model_folder()
    from pocketsphinx import Decoder

    try:
        return Decoder(
            hmm=str(folder / "en-us"),
            dict=str(folder / "cmudict-en-us.dict"),
            cmn="batch",  # nothing of one line is carried to the next
            loglevel="FATAL",
            **options,
        )
    except RuntimeError as error:
        raise JudgeError(f"the model of pocketsphinx does not load: {error}") from error


def _pcm(waveform: Waveform) -> bytes:
    """Return 16 kHz, 16 bit, with the peak at 0.7."""
    samples = waveform.samples
    if samples.size == 0 or not np.isfinite(samples).all():
        raise JudgeError("there are no samples, or some are no number")
    if waveform.duration_s > LONGEST_S:
        raise UnhearableError(f"{waveform.duration_s:.0f} s are too long to be heard at once")
    peak = float(np.abs(samples).max())
    if peak < SILENT_PEAK:
        raise JudgeError("the sound is silent")
    rated = resample(waveform, RATE).samples * (PEAK / peak)
    return bytes((np.clip(rated, -1, 1) * 32_767).astype("<i2").tobytes())


def _decode(decoder: Any, heard: bytes) -> None:  # noqa: ANN401
    decoder.reinit_feat()  # or the noise of the line before is taken off this one
    decoder.start_utt()
    try:
        decoder.process_raw(heard, full_utt=True)
    finally:
        decoder.end_utt()


def _entry(decoder: Any, text: str, ipa: str, locale: str) -> str:  # noqa: ANN401
    """Return a name the decoder's dictionary has for a word; adds it where it is missing."""
    plain = text.lower().replace("’", "'")
    if locale.startswith("en") and " " not in plain and decoder.lookup_word(plain) is not None:
        return plain
    sounds = arpabet_of_ipa(ipa)
    if not sounds:
        raise UnhearableError(f"the phonemes of {text!r} are none the aligner knows: {ipa!r}")
    return _sounds_entry(decoder, sounds)


def _sounds_entry(decoder: Any, sounds: tuple[str, ...]) -> str:  # noqa: ANN401
    name = _ADDED_PREFIX + "-".join(sounds).lower()
    if decoder.lookup_word(name) is None:
        decoder.add_word(name, " ".join(sounds), True)
    return name


def _units(decoder: Any, names: Sequence[Sequence[str]]) -> Iterator[HeardUnit]:  # noqa: ANN401
    """Return what was heard; all pronunciations of a word have the key of its first name."""
    keys = {name: some[0] for some in names for name in some}
    for segment in decoder.seg() or ():
        name = segment.word.split("(")[0]  # "the(2)" is another way to say "the"
        if not is_phone(name) and name not in keys:
            continue
        yield HeardUnit(
            key=keys.get(name, ""),
            phones=_phones(decoder, name),
            start_s=segment.start_frame * FRAME_S,
            end_s=(segment.end_frame + 1) * FRAME_S,
        )


def _phones(decoder: Any, name: str) -> int:  # noqa: ANN401
    return len(decoder.lookup_word(name).split())


def _words(decoder: Any) -> Iterator[HeardWord]:  # noqa: ANN401
    for segment in decoder.seg() or ():
        if segment.word.startswith(("<", "+", "[")):
            continue
        phones = len(decoder.lookup_word(segment.word).split())
        frames = segment.end_frame - segment.start_frame + 1
        score = max(float(segment.ascore), 1e-300) ** (1 / (frames * FRAME_S))
        is_short = phones <= 2  # noqa: PLR2004
        is_squeezed = not is_short and frames / phones < LEAST_FRAMES
        least = LEAST_SHORT_SCORE if is_short else LEAST_SCORE
        yield HeardWord(
            start_s=segment.start_frame * FRAME_S,
            end_s=(segment.end_frame + 1) * FRAME_S,
            score=min(1.0, score),
            is_found=score >= least and not is_squeezed,
        )
