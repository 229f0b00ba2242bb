"""The real voices: they all speak, and sound as the piper-tts package has them sound."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from renderer.domain.utterance import Utterance
from renderer.ports import SpeechRequest
from renderer.speech.add import add_voice
from renderer.speech.phoneme_id import build_row
from renderer.speech.piper import PiperVoice
from renderer.speech.piper_model import Job
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber

pytestmark = pytest.mark.reference

VOICES = {
    "en_US-sano_kristin-tiny": ("en-US", ("",)),
    "en_US-sano_amy-tiny": ("en-US", ("",)),
    "en_US-sano_multi3-tiny": ("en-US", ("amy", "kristin", "hfc")),
    "vi_VN-sano_vietnamese-tiny": ("vi-VN", ("",)),
}
TEXT = {
    "en-US": "Halt! Who goes there, friend? The dragon sleeps beneath the mountain.",
    "vi-VN": "Xin chào, con rồng đang ngủ dưới núi.",
}
PACKAGE = """
import json, sys
import numpy as np
from piper import PiperVoice, SynthesisConfig
model, out, work = sys.argv[1:]
voice = PiperVoice.load(model)
sounds = [
    voice.phoneme_ids_to_audio(job["ids"], SynthesisConfig(speaker_id=job["speaker"]))
    for job in json.loads(work)
]
np.savez(out, *sounds)
"""


def _transcript(locale):
    text = TEXT[locale]
    line = Utterance("l", locale, "c", "s", text, text, "v")
    return EspeakTranscriber(Lexicon()).transcribe([line])[0]


@pytest.fixture(scope="module", params=VOICES)
def voice(request, reference_data, tmp_path_factory):
    """One reference voice, added and loaded."""
    model = reference_data / "voices" / f"{request.param}.onnx"
    card = add_voice(
        model,
        model.with_name(f"{model.name}.json"),
        tmp_path_factory.mktemp("in"),
        request.param,
    )
    return PiperVoice.load(card, use_cuda=False), model


def test_a_reference_voice_speaks_with_durations(voice):
    """Every speaker says the line at a believable speed; the phonemes are where the sound is."""
    loaded, _ = voice
    locale, speakers = VOICES[loaded.card.name]
    transcript = _transcript(locale)
    answers = loaded.speak([SpeechRequest(transcript, speaker=s) for s in speakers])
    for speech in answers:
        assert speech.alignment_source == "engine"
        assert 1.0 < speech.waveform.duration_s < 10.0
        spoken = [p for p in speech.phones if p.word >= 0]
        assert {p.word for p in spoken} == set(range(len(transcript.words)))
        rate = speech.waveform.sample_rate
        samples = speech.waveform.samples
        inside = np.concatenate(
            [samples[int(p.start_s * rate) : int(p.end_s * rate)] for p in spoken]
        )
        assert np.sum(inside**2) > 0.85 * np.sum(samples**2)
    if len(speakers) > 1:
        sizes = {a.waveform.samples.tobytes() for a in answers}
        assert len(sizes) == len(speakers)


def test_a_reference_voice_takes_one_line_at_a_time(voice):
    """The probe found that these models lose lines in a batch."""
    loaded, _ = voice
    assert not loaded.card.batchable
    answers = loaded.speak([SpeechRequest(_transcript(VOICES[loaded.card.name][0]))] * 5)
    assert len({a.waveform.samples.tobytes() for a in answers}) == 1
    assert len(answers) == 5


def test_it_sounds_as_the_piper_package_has_it(voice, tmp_path):
    """Same ids, same speakers: correlation above 0.99 with piper-tts."""
    pytest.importorskip("piper")
    loaded, model = voice
    locale, speakers = VOICES[loaded.card.name]
    row = build_row(_transcript(locale).words, 0, loaded.config)
    ids = [loaded.config.speakers.get(s, 0) for s in speakers]
    work = [{"ids": row.ids, "speaker": i if len(ids) > 1 else None} for i in ids]
    out = tmp_path / "theirs.npz"
    command = [sys.executable, "-c", PACKAGE, str(model), str(out), json.dumps(work)]
    subprocess.run(command, check=True, timeout=120, cwd=tmp_path, capture_output=True)
    config = loaded.config
    jobs = [Job(row.ids, i, config.noise_scale, config.length_scale, config.noise_w) for i in ids]
    theirs = np.load(out)
    for number, ours in enumerate(loaded.say_rows(jobs)):
        other = theirs[f"arr_{number}"]
        assert other.size == ours.samples.size
        assert np.corrcoef(ours.samples, other)[0, 1] > 0.99
