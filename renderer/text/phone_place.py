"""The phones a direction edits: found in the words as they are spoken, and cut out of the sound.

A phone is named by its IPA and by which one of them in the word it is. What cannot be found is an
error that says what the word sounds like, never an edit that does nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from renderer.domain.direction import Direction, PhoneEdit, WordEdit
from renderer.domain.transcript import PhonePlace, PhoneSpan, Transcript, find_spoken
from renderer.errors import TextError
from renderer.text.inventory import phonemes
from renderer.text.token_time import spoken_tokens

_MARKS = ("", "ˈ", "ˌ")


def symbols(ipa: str) -> tuple[str, ...]:
    """Return the symbols of a word or of a phone, without stress.

    Raises:
        TextError: It holds symbols no voice of ours knows.

    >>> symbols("ɡˈoʊ"), symbols("t͡ʃ")
    (('ɡ', 'o', 'ʊ'), ('t', 'ʃ'))
    """
    return tuple(symbol for symbol, _ in phonemes(ipa))


def find_phones(direction: Direction, transcript: Transcript) -> tuple[PhonePlace, ...]:
    """Return where the phones of a direction's edits are, one place per symbol.

    Edits of words that are not in the line are left out, as everywhere: the reader reports them.

    Raises:
        TextError: A word is not spoken with a phone that is edited.
    """
    return tuple(place for word in direction.words for place in _of_word(word, transcript))


def _of_word(word: WordEdit, transcript: Transcript) -> Iterator[PhonePlace]:
    if not word.phones:
        return
    spoken = find_spoken(word.word, word.occurrence, transcript)
    heard = [transcript.words[index].phonemes for index in spoken]
    for edit in word.phones if spoken else ():
        if problem := misfit(word.word, edit, heard):
            raise TextError(problem)
        at, first = _matches(edit, heard)[edit.occurrence - 1]
        for number in range(len(symbols(edit.phone))):
            yield PhonePlace(spoken[at], first + number, edit)


def misfit(word: str, edit: PhoneEdit, spoken: Sequence[str]) -> str:
    """Return why an edit finds no phone in a word, and what to do, or "".

    Args:
        word: As written, for the message.
        edit: The edit.
        spoken: IPA of each word that is spoken for it.

    Raises:
        TextError: There are symbols no voice of ours knows.

    >>> misfit("never", PhoneEdit("ɛ"), ["nˈɛvɚ"])
    ''
    >>> print(misfit("never", PhoneEdit("æ"), ["nˈɛvɚ"]))
    'never' is spoken n ɛ v ɚ: there is no 'æ' in it. Name one of these phones, or delete the edit.
    """
    count = len(_matches(edit, spoken))
    if edit.occurrence <= count:
        return ""
    said = " ".join(symbol for ipa in spoken for symbol in symbols(ipa))
    lack = f"there is no {edit.phone!r} in it"
    if count:
        lack = f"{edit.phone!r} occurs {count} time(s) in it, not {edit.occurrence}"
    fix = "Name one of these phones, or delete the edit."
    return f"{word!r} is spoken {said}: {lack}. {fix}"


def _matches(edit: PhoneEdit, spoken: Sequence[str]) -> list[tuple[int, int]]:
    """Return (which spoken word, index of the first symbol) of every such phone."""
    wanted = symbols(edit.phone)
    found: list[tuple[int, int]] = []
    for place, ipa in enumerate(spoken):
        heard, at = symbols(ipa), 0
        while wanted and at + len(wanted) <= len(heard):
            is_here = heard[at : at + len(wanted)] == wanted
            if is_here:
                found.append((place, at))
            at += len(wanted) if is_here else 1
    return found


def by_symbol(
    spans: Sequence[PhoneSpan], transcript: Transcript, words: Collection[int]
) -> tuple[PhoneSpan, ...]:
    """Cut the spans of some words so that each symbol has one of its own.

    A span of several symbols is shared out evenly among them; other words stay as they are.

    Args:
        spans: What an engine said, in order.
        transcript: The line.
        words: Which spoken words.

    Raises:
        TextError: The engine spoke such a word with other phones, or at no time.
    """
    cut = {word: _cut(spans, transcript, word) for word in words}
    first = {word: next(i for i, s in enumerate(spans) if s.word == word) for word in words}
    out: list[PhoneSpan] = []
    for number, span in enumerate(spans):
        if span.word not in cut:
            out.append(span)
        elif first[span.word] == number:
            out += cut[span.word]
    return tuple(out)


def _cut(spans: Sequence[PhoneSpan], transcript: Transcript, word: int) -> list[PhoneSpan]:
    text = transcript.words[word].text
    tokens = spoken_tokens([span for span in spans if span.word == word], word)
    said, planned = [t.symbol for t in tokens], symbols(transcript.words[word].phonemes)
    if tuple(said) != planned:
        raise TextError(
            f"the voice speaks {text!r} as {' '.join(said)}, not as {' '.join(planned)}, so that "
            "its phones cannot be edited one by one; edit the whole word, or take another voice"
        )
    if any(t.end_s <= t.start_s for t in tokens):
        raise TextError(f"the voice does not say when each phone of {text!r} is; edit the word")
    stresses = [0, *(t.stress for t in tokens)]
    marks = [_MARKS[now] if now != before else "" for before, now in pairwise(stresses)]
    return [
        PhoneSpan(mark + t.symbol, t.start_s, t.end_s, word)
        for mark, t in zip(marks, tokens, strict=True)
    ]
