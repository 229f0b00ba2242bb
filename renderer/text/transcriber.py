"""Lines to transcripts: normalise, apply lexicons and given phonemes, phonemise, align."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from renderer.domain.transcript import SpokenWord, Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.words import Word, find_words, fold
from renderer.errors import TextError
from renderer.text import alignment, espeak, phones
from renderer.text.lexicon import Lexicon
from renderer.text.normalise import Fixed, Token, normalise

# Raise it whenever the same text may give other phonemes.
RULES_REVISION = "2"

MAX_CHARACTERS = 2_000
MAX_SYMBOLS = 4_000
_CACHE_SIZE = 50_000


@dataclass(frozen=True, slots=True)
class _Line:
    """A line between normalisation and phonemes.

    Attributes:
        utterance: The line.
        tokens: Its spoken words.
        language: espeak's language.
        ipa: The phonemes of each spoken word, "" as long as they are not known.
    """

    utterance: Utterance
    tokens: tuple[Token, ...]
    language: str
    ipa: list[str] = field(default_factory=list)

    def phrases(self) -> list[tuple[int, int]]:
        """Return the runs of words up to a mark, as ranges of tokens: phonemised together.

        Words whose phonemes are given stay in, so that their neighbours sound right.
        """
        runs: list[tuple[int, int]] = []
        start = 0
        for i, token in enumerate(self.tokens):
            if token.punctuation or i + 1 == len(self.tokens):
                if not all(t.ipa for t in self.tokens[start : i + 1]):
                    runs.append((start, i + 1))
                start = i + 1
        return runs


class EspeakTranscriber:
    """Implements `ports.Transcriber` with espeak-ng's rules. Safe to share between threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._alone: dict[tuple[str, str], tuple[str, ...]] = {}
        self._lock = threading.Lock()

    @property
    def revision(self) -> str:
        """Changes when the same text may give other phonemes; found without phonemising.

        Raises:
            TextError: phonemizer or espeak-ng is not installed.
        """
        return (
            f"rules-{RULES_REVISION} phonemizer-{espeak.phonemizer_version()} "
            f"espeak-ng-{espeak.version()}"
        )

    def transcribe(self, utterances: Sequence[Utterance]) -> list[Transcript | TextError]:
        """Transcribe a batch.

        Args:
            utterances: Lines in any mix of locales.

        Returns:
            One transcript per line, in order, or the TextError that says why there is none.
        """
        prepared = [self._prepare(u) for u in utterances]
        by_language: dict[str, list[_Line]] = {}
        for line in prepared:
            if isinstance(line, _Line):
                by_language.setdefault(line.language, []).append(line)
        failed: dict[str, TextError] = {}
        for language, lines in by_language.items():
            try:
                self._phonemise(lines, language)
            except TextError as error:
                failed[language] = error
        return [
            line if isinstance(line, TextError) else failed.get(line.language) or _transcript(line)
            for line in prepared
        ]

    def _prepare(self, utterance: Utterance) -> _Line | TextError:
        try:
            if len(utterance.text) > MAX_CHARACTERS:
                raise TextError(
                    f"The line has {len(utterance.text)} characters, at most {MAX_CHARACTERS} can "
                    "be spoken at once; cut it into several lines."
                )
            language = espeak.language(utterance.locale)
            words = find_words(utterance.text)
            tokens = normalise(utterance.text, utterance.locale, self._fixed(utterance, words))
        except TextError as error:
            return error
        except (ValueError, LookupError, ArithmeticError) as error:  # one line, not its batch
            return TextError(f"{utterance.text[:60]!r} cannot be normalised: {error!r}")
        if not tokens:
            return TextError(f"There is nothing to speak in {utterance.text[:60]!r}; write words.")
        return _Line(utterance, tokens, language, [t.ipa for t in tokens])

    def _fixed(self, utterance: Utterance, words: Sequence[Word]) -> list[Fixed]:
        """Return what lexicon and direction say about the words of a line."""
        places = {(fold(w.text), w.occurrence): w for w in words}
        fixed = []
        for edit in utterance.direction.words:
            word = places.get((fold(edit.word), edit.occurrence))
            ipa = phones.tidy(edit.phonemes)
            if not ipa or word is None:
                continue
            wrong = phones.problem(ipa)
            if wrong:
                raise TextError(f"The phonemes of {word.text!r} {wrong[0].lower()}{wrong[1:]}.")
            parts = tuple((word.start, word.text, one) for one in ipa.split(" "))
            fixed.append(Fixed(word.start, word.end, parts))
        for use in self._lexicon.uses(utterance):
            inside = words[use.first : use.last + 1]
            end = inside[-1].end
            if use.entries[0].word.endswith(".") and utterance.text[end : end + 1] == ".":
                end += 1
            spoken = _parts(inside, [(p.text, p.ipa) for p in use.pieces])
            fixed.append(Fixed(inside[0].start, end, spoken))
        return fixed

    def _phonemise(self, lines: Sequence[_Line], language: str) -> None:
        """Find the phonemes of every word of lines in one language, in two batches."""
        runs = [(line, a, b) for line in lines for a, b in line.phrases()]
        texts = [" ".join(t.text for t in line.tokens[a:b]) for line, a, b in runs]
        said = espeak.phonemise(texts, language) if texts else []
        alone = self._each({t.text for line, a, b in runs for t in line.tokens[a:b]}, language)
        for (line, a, b), phrase in zip(runs, said, strict=True):
            tokens = line.tokens[a:b]
            singles = [alone[t.text] for t in tokens]
            shared = alignment.share(phrase, singles) or ["".join(one) for one in singles]
            line.ipa[a:b] = [t.ipa or ipa for t, ipa in zip(tokens, shared, strict=True)]

    def _each(self, words: set[str], language: str) -> dict[str, tuple[str, ...]]:
        """Return the phonemes of words said alone, from memory where they are known."""
        with self._lock:
            known = {w: self._alone[language, w] for w in words if (language, w) in self._alone}
        missing = sorted(words - known.keys())
        if missing:
            found = zip(missing, map(tuple, espeak.phonemise(missing, language)), strict=True)
            new = dict(found)
            known.update(new)
            with self._lock:
                if len(self._alone) > _CACHE_SIZE:
                    self._alone.clear()
                self._alone.update({(language, w): ipa for w, ipa in new.items()})
        return known


def _parts(
    words: Sequence[Word], pieces: Sequence[tuple[str, str]]
) -> tuple[tuple[int, str, str], ...]:
    """Share the words of lexicon pieces out over written words; each written word gets one."""
    said = [
        one
        for text, ipa in pieces
        for one in (
            [(text, i) for i in ipa.split()] if ipa else [(w.text, "") for w in find_words(text)]
        )
    ]
    count = min(len(words), len(said))
    bounds = [round(i * len(said) / count) for i in range(count + 1)]
    return tuple(
        (words[k].start, text, ipa)
        for k in range(count)
        for text, ipa in said[bounds[k] : bounds[k + 1]]
    )


def _transcript(line: _Line) -> Transcript | TextError:
    mute = [t.text for t, ipa in zip(line.tokens, line.ipa, strict=True) if not phones.letters(ipa)]
    if mute:
        return TextError(
            f"No phonemes are known for {', '.join(map(repr, mute[:5]))} in locale "
            f"{line.utterance.locale}; give the word phonemes or a lexicon entry."
        )
    words = tuple(
        SpokenWord(t.text, ipa, t.written, t.punctuation)
        for t, ipa in zip(line.tokens, line.ipa, strict=True)
    )
    written = tuple(w.text for w in find_words(line.utterance.text))
    transcript = Transcript(line.utterance.locale, written, words)
    if transcript.symbol_count > MAX_SYMBOLS:
        return TextError(
            f"The line has {transcript.symbol_count} symbols of phonemes, at most {MAX_SYMBOLS} "
            "can be spoken at once; cut it into several lines."
        )
    return transcript
