"""Piper's engine on a small graph of VITS's shape."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.errors import SynthesisError, VoiceError
from renderer.ports import SpeechRequest
from renderer.speech.add import add_voice
from renderer.speech.piper import PiperVoice
from renderer.speech.piper_model import BatchError, Job, PiperModel

LINES = [
    "halt!",
    "who goes there, friend?",
    "a long line that goes on and on, for it has to be longer than the rest of them.",
    "no. no! never again.",
    "run",
]


@pytest.fixture(scope="module")
def voices(vits, tmp_path_factory):
    """A voice per kind of graph: card and loaded voice by name."""
    folder = tmp_path_factory.mktemp("voices")
    made = {}
    for name, options in {
        "plain": {},
        "odd": {"odd_rows": True},
        "hidden": {"hide_durations": True},
        "single": {"speakers": 1},
    }.items():
        path = vits.write(folder, name, **options)
        card = add_voice(path, path.with_name(f"{name}.onnx.json"), folder / "in", name)
        made[name] = PiperVoice.load(card, threads=2, use_cuda=False)
    return made


def _with(voice: PiperVoice, **options) -> PiperVoice:
    return PiperVoice(voice.card, voice._model, voice.config, **options)


def _requests(say, **options):
    return [SpeechRequest(say(line), seed=n, **options) for n, line in enumerate(LINES)]


def test_probe_tells_what_a_model_does(voices):
    """What `add` found out stands on the card."""
    plain, odd, hidden = (voices[n].card for n in ("plain", "odd", "hidden"))
    assert (plain.batchable, plain.has_durations) == (True, True)
    assert (odd.batchable, odd.has_durations) == (False, True)
    assert (hidden.batchable, hidden.has_durations) == (False, False)
    assert plain.speakers == {"s0": 0, "s1": 1}


def test_a_batch_says_what_each_line_says_alone(voices, say):
    """A request's answer does not depend on its neighbours, noise included."""
    batched = _with(voices["plain"], batch_size=8, threads=1)
    alone = _with(voices["plain"], batch_size=1, threads=1)
    together = batched.speak(_requests(say))
    for request, one in zip(_requests(say), together, strict=True):
        single = alone.speak([request])[0]
        assert one.waveform.samples.size == single.waveform.samples.size
        np.testing.assert_allclose(one.waveform.samples, single.waveform.samples, atol=1e-5)
        assert one.phones == single.phones


def test_batches_are_really_run(voices, say, monkeypatch):
    """Eight sentences of one scale are one run, not eight."""
    voice, sizes = _with(voices["plain"], batch_size=16, threads=1), []
    run = PiperModel.run
    monkeypatch.setattr(
        PiperModel, "run", lambda self, jobs, *a: sizes.append(len(jobs)) or run(self, jobs, *a)
    )
    voice.speak(_requests(say))
    assert sizes == [7]  # five lines, one of them with three sentences


def test_threads_change_nothing(voices, say):
    """Samples are the same whatever the number of cores, to the last bit."""
    one = _with(voices["plain"], threads=1).speak(_requests(say))
    four = _with(voices["plain"], threads=4).speak(_requests(say))
    assert all(
        np.array_equal(a.waveform.samples, b.waveform.samples)
        for a, b in zip(one, four, strict=True)
    )


def test_no_line_is_lost_by_a_model_that_answers_one_row(voices, say):
    """The odd model drops every row but the first of a batch: each line comes out all the same."""
    forced = _with(voices["odd"], batch_size=8, threads=1)
    object.__setattr__(forced, "_card", voices["plain"].card)  # a card that lies: batchable
    answers = forced.speak(_requests(say))
    alone = [_with(voices["odd"], threads=1).speak([r])[0] for r in _requests(say)]
    assert len(answers) == len(LINES)
    for a, b in zip(answers, alone, strict=True):
        np.testing.assert_array_equal(a.waveform.samples, b.waveform.samples)


def test_the_odd_model_is_caught_when_run_as_a_batch(voices):
    """Two rows in and one row out is an error, not a silent loss."""
    with pytest.raises(BatchError):
        voices["odd"]._model.run([Job((1, 0, 5, 0, 2)), Job((1, 0, 6, 0, 2))])


def test_a_seed_repeats_and_another_seed_differs(voices, say):
    """Retakes differ, and the same request gives the same samples."""
    voice, line = voices["plain"], say("who goes there, friend?")
    first, again, other = (
        voice.speak([SpeechRequest(line, seed=s)])[0].waveform.samples for s in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert first.size != other.size or not np.allclose(first, other)


def test_sentences_of_one_line_have_noise_of_their_own(voices, say):
    """The same sentence twice in a line is not the same sound twice."""
    speech = voices["plain"].speak([SpeechRequest(say("no way. no way."))])[0]
    sentences = voices["plain"].speak([SpeechRequest(say("no way."))])[0]
    half = sentences.waveform.samples
    assert np.array_equal(speech.waveform.samples[: half.size], half)
    assert not np.array_equal(speech.waveform.samples[-half.size :], half)


def test_zero_noise_makes_the_seed_irrelevant(voices, say):
    """noise_scale and noise_w reach the graph."""
    voice, line = voices["plain"], say("who goes there?")
    a, b = (
        voice.speak([SpeechRequest(line, seed=s, noise_scale=0.0, noise_w=0.0)])[0] for s in (1, 2)
    )
    np.testing.assert_array_equal(a.waveform.samples, b.waveform.samples)


def test_durations_come_from_the_model_and_cover_the_sound(voices, say):
    """Every phoneme has its place, in order and without gaps."""
    text = say("who goes there, friend?")
    speech = voices["plain"].speak([SpeechRequest(text)])[0]
    assert speech.alignment_source == "engine"
    assert speech.phones[0].start_s == 0
    assert speech.phones[-1].end_s == pytest.approx(speech.waveform.duration_s)
    assert all(a.end_s == b.start_s for a, b in zip(speech.phones, speech.phones[1:], strict=False))
    spoken = "".join(p.phoneme for p in speech.phones if p.word >= 0)
    assert spoken == "".join(w.phonemes for w in text.words)
    assert sorted({p.word for p in speech.phones}) == [-1, 0, 1, 2, 3]


def test_durations_are_estimated_where_the_graph_hides_them(voices, say):
    """The fallback keeps order, words and coverage, and says that it is one."""
    speech = voices["hidden"].speak([SpeechRequest(say("who goes there, friend?"))])[0]
    assert speech.alignment_source == "estimated"
    assert speech.phones[-1].end_s == pytest.approx(speech.waveform.duration_s)
    assert [p.word for p in speech.phones if p.word >= 0] == sorted(
        p.word for p in speech.phones if p.word >= 0
    )


def test_rate_shortens(voices, say):
    """Twice the rate is about half the length."""
    line = say("a long line that goes on and on without a pause at all")
    slow, fast = (
        voices["plain"].speak([SpeechRequest(line, rate=r, noise_w=0.0)])[0].waveform.duration_s
        for r in (1.0, 2.0)
    )
    assert slow / fast == pytest.approx(2.0, rel=0.15)


def test_speakers_differ_and_unknown_ones_are_refused(voices, say):
    """`sid` reaches the graph; a wrong name fails its line and no other."""
    good, bad, default = (SpeechRequest(say("halt"), speaker=s) for s in ("s1", "nobody", ""))
    one, wrong, zero = voices["plain"].speak([good, bad, default])
    assert isinstance(wrong, SynthesisError)
    assert "s0, s1" in str(wrong)
    assert not np.array_equal(one.waveform.samples, zero.waveform.samples)
    alone = voices["single"].speak([SpeechRequest(say("halt"), speaker="s1")])[0]
    assert isinstance(alone, SynthesisError)


def test_a_line_with_nothing_to_say_fails_alone(voices, say):
    """An empty transcript is an error in its place."""
    empty, good = voices["plain"].speak([SpeechRequest(say("")), SpeechRequest(say("halt"))])
    assert isinstance(empty, SynthesisError)
    assert good.waveform.samples.size


def test_pauses_scale(voices, say):
    """Pauses at punctuation and between sentences get longer, phonemes do not."""
    line = say("no, no. never, friend.")
    plain, double = (
        voices["plain"].speak([SpeechRequest(line, pause_scale=s)])[0] for s in (1.0, 2.0)
    )

    def total(speech, silent):
        spans = speech.phones[1:-1]
        return sum(p.end_s - p.start_s for p in spans if (p.phoneme == "_") == silent)

    assert total(double, True) == pytest.approx(2 * total(plain, True), rel=0.01)
    assert total(double, False) == pytest.approx(total(plain, False))


def test_a_very_long_sentence_is_cut_and_loses_nothing(voices, say):
    """A sentence longer than a model can hold becomes several rows."""
    line = say(" ".join(["word", "after", "word,"] * 120))
    speech = voices["plain"].speak([SpeechRequest(line)])[0]
    assert {p.word for p in speech.phones} == {-1, *range(360)}


def test_noise_that_was_guessed_too_short_is_asked_for_again(vits, say):
    """A first guess of one number per id gives the same samples as a generous one."""
    data = vits.build().SerializeToString()
    results = []
    for guess in (1, 500):
        model = PiperModel(data, use_cuda=False)
        model._noise_per_id = dict.fromkeys(model._noise_per_id, guess)
        results.append(model.run([Job((1, 0, *[5, 0, 9, 0] * 10, 2), seed=3)])[0].samples)
    np.testing.assert_array_equal(*results)


def test_a_gpu_that_is_asked_for_and_missing_is_said(vits):
    """A listed provider is no GPU: the session's own list decides."""
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there may be a GPU")
    with pytest.raises(VoiceError, match="GPU"):
        PiperModel(vits.build().SerializeToString(), use_cuda=True)
