"""Edited phones in real sound: the one that was asked moves, and no other does.

"We stop here." has three stretches of voice: the ɑː of "stop" stands alone between the silences of
`st` and `p`, so its length and F0 can be measured in the sound, whatever an engine says about it.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from renderer.audio.pitch import semitones, track_f0
from renderer.audio.waveform import Waveform
from renderer.domain.direction import Direction, PhoneEdit, WordEdit
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.request import RenderRequest
from renderer.domain.take import Take
from renderer.domain.transcript import PhoneSpan
from renderer.domain.utterance import Utterance
from renderer.services.perform import Performance, Performer

pytest.importorskip("onnxruntime")
pytest.importorskip("phonemizer")
TEXT = "We stop here."
HOP_S = 0.0025
FRAME_S = 0.012


class Voiced(NamedTuple):
    start_s: float
    length_s: float
    tone_st: float


def voiced(waveform: Waveform) -> list[Voiced]:
    """Return the stretches of voice of 30 ms and more."""
    f0, mask = track_f0(waveform, 60, 350, HOP_S)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [
        Voiced(a * HOP_S, (b - a) * HOP_S, float(np.median(semitones(f0[a:b]))))
        for a, b in edges.reshape(-1, 2)
        if (b - a) * HOP_S >= 0.03
    ]


@pytest.fixture
def say(studio: Any, repository: Path) -> Any:
    from renderer.speech.voice_book import Voices
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber

    voices = Voices([repository / "assets/voices"], threads=1, use_cuda=False)
    transcriber = EspeakTranscriber(Lexicon())
    performer = Performer(studio.unit, studio.store, voices, lambda entries: transcriber)

    def perform(voice: str, *phones: PhoneEdit) -> Performance:
        direction = Direction(words=(WordEdit("stop", phones=phones),))
        said = Utterance("l", "en-US", "c", "s", TEXT, TEXT, voice, direction)
        key = RenderKey({Part.TEXT: digest(TEXT), Part.VOICE: digest(voice)})  # the same seed
        made = performer.perform([Take(1, key, RenderRequest(said))], 1)[1]
        assert isinstance(made, Performance), made
        return made

    return perform


def lengths(phones: tuple[PhoneSpan, ...]) -> dict[str, float]:
    return {f"{p.word}{p.phoneme}": p.end_s - p.start_s for p in phones if p.word >= 0}


@pytest.mark.parametrize("voice", ["hearth#marcus", "hearth#vera", "formant"])
def test_a_phone_is_longer_and_higher_and_the_others_are_not(say: Any, voice: str) -> None:
    plain, edited = say(voice), say(voice, PhoneEdit("ɑː", rate=0.5, pitch_st=3.0))
    before, after = voiced(plain.waveform), voiced(edited.waveform)
    assert len(before) == len(after) == 3
    told = lengths(edited.phones)["1ˈɑː"] - lengths(plain.phones)["1ˈɑː"]
    assert told > 0.08
    # In the sound: this vowel is that much longer, and three semitones higher …
    assert after[1].length_s - before[1].length_s == pytest.approx(told, abs=0.055)
    assert after[1].length_s > 1.5 * before[1].length_s
    assert after[1].tone_st - before[1].tone_st == pytest.approx(3.0, abs=0.4)
    # … the vowels around it keep their F0, the one before it its length …
    for index in (0, 2):
        assert after[index].tone_st == pytest.approx(before[index].tone_st, abs=0.25)
    assert after[0].start_s == before[0].start_s
    assert after[0].length_s == pytest.approx(before[0].length_s, abs=0.005)
    # … and what comes after it only comes later.
    longer = edited.waveform.duration_s - plain.waveform.duration_s
    assert longer == pytest.approx(told, abs=2 * FRAME_S)
    assert after[2].start_s - before[2].start_s == pytest.approx(longer, abs=0.03)
    old, new = lengths(plain.phones), lengths(edited.phones)
    for phone in old.keys() - {"1ˈɑː"}:
        assert new[phone] == pytest.approx(old[phone], abs=FRAME_S)


@pytest.mark.parametrize(("voice", "least_db"), [("hearth#marcus", 3.5), ("formant", 4.5)])
def test_a_phone_is_louder_and_the_words_around_are_not(
    say: Any, voice: str, least_db: float
) -> None:
    plain, edited = say(voice), say(voice, PhoneEdit("ɑː", energy_db=6.0))
    spans = [p for p in plain.phones if p.word >= 0]
    change = {
        f"{p.word}{p.phoneme}": level_db(edited.waveform, p) - level_db(plain.waveform, p)
        for p in spans
    }
    assert least_db < change.pop("1ˈɑː") < 6.5
    assert max(abs(db) for name, db in change.items() if not name.startswith("1")) < 0.2
    assert all(a.start_s <= b.start_s for a, b in pairwise(edited.phones))


def level_db(waveform: Waveform, span: PhoneSpan) -> float:
    start, end = (round(at * waveform.sample_rate) for at in (span.start_s, span.end_s))
    return float(10 * np.log10(np.mean(waveform.samples[start:end].astype(float) ** 2)))


def test_a_phone_the_word_is_not_spoken_with_is_refused_with_its_phones(say: Any) -> None:
    with pytest.raises(AssertionError, match="'stop' is spoken s t ɑː p: there is no 'æ'"):
        say("hearth#marcus", PhoneEdit("æ", rate=0.5))
