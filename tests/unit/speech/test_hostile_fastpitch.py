"""Voices of ours that were damaged, changed or made to do harm."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.domain.speaker import Speaker, blend
from renderer.domain.voice_json import read_voice_model, voice_model_text
from renderer.domain.voice_model import GRAPHS, Base, Blend, VoiceModel
from renderer.errors import BarklineError, ModelRefusedError, SynthesisError
from renderer.ports import SpeechRequest
from renderer.speech.voice_book import Voices

_SPEC = importlib.util.spec_from_file_location(
    "build_fastpitch", Path(__file__).with_name("build_fastpitch.py")
)
ONE = (1.0, *[0.0] * 63)
TWO = (0.0, 1.0, *[0.0] * 62)
MODEL = VoiceModel(
    {"mira": Speaker(ONE, 12.0, -20.0), "tomas": Speaker(TWO, 2.0, -18.0, 1.1, -1.0)},
    {"both": Blend({"mira": 0.7, "tomas": 0.3})},
    files=dict.fromkeys(GRAPHS, "ab" * 32),
    symbols=("<pad>", "_", "a"),
    languages=("en", "pt-BR"),
    emotions=("neutral",),
    inventory="1",
    variation=0.5,
)


# -- voice.json ------------------------------------------------------------------------------------


def test_a_voice_reads_back_as_it_was_written() -> None:
    assert read_voice_model(voice_model_text(MODEL).encode()) == MODEL
    derived = VoiceModel({}, {"elder": Blend({"mira": 1.0})}, Base("pack", "cd" * 32))
    assert read_voice_model(voice_model_text(derived).encode()) == derived


def _changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    values = json.loads(voice_model_text(MODEL))
    change(values)
    return json.dumps(values).encode()


NAN_VECTOR = ["NaN", *["0.0"] * 63]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no mapping"),
        (b"{}", "no barkline-voice"),
        (b" " * (5 << 20), "bigger than"),
        (_changed(lambda v: v.update(revision=2)), "install the Barkline"),
        (_changed(lambda v: v.update(speakers={})), "0 entries"),
        (_changed(lambda v: v["speakers"]["mira"]["vector"].pop()), "64 numbers"),
        (_changed(lambda v: v["speakers"]["mira"]["vector"].__setitem__(0, 0.5)), "length 1"),
        (_changed(lambda v: v["speakers"]["mira"]["vector"].__setitem__(0, True)), "no number"),
        (_changed(lambda v: v["speakers"]["mira"]["vector"].__setitem__(0, 1e9)), "no number"),
        (_changed(lambda v: v["speakers"]["mira"].update(mean_pitch_st=1e3)), "mean_pitch_st"),
        (_changed(lambda v: v["speakers"]["mira"].pop("mean_energy_db")), "mean_energy_db"),
        (_changed(lambda v: v["speakers"]["mira"].update(rate=0)), "rate"),
        (_changed(lambda v: v["speakers"]["both"].update(parts={})), "1 to 8 parts"),
        (_changed(lambda v: v["speakers"]["both"]["parts"].update(mira=-1)), "mira"),
        (_changed(lambda v: v["speakers"].update({"../x": v["speakers"]["mira"]})), "usable name"),
        (_changed(lambda v: v["files"].pop("encoder.onnx")), "has to name"),
        (_changed(lambda v: v["files"].update({"../../etc/passwd": "ab" * 32})), "has to name"),
        (_changed(lambda v: v["files"].update({"encoder.onnx": "zz"})), "no SHA-256"),
        (_changed(lambda v: v["mel"].update(hop_length=0)), "hop_length"),
        (_changed(lambda v: v["mel"].update(sample_rate=22050.5)), "whole number"),
        (_changed(lambda v: v.update(languages=["en", "en"])), "twice"),
        (_changed(lambda v: v.update(languages=["../en"])), "language code"),
        (_changed(lambda v: v["inventory"].update(symbols=["x" * 99])), "short text"),
        (_changed(lambda v: v.update(variation=9)), "variation"),
        (_changed(lambda v: v.update(base={"voice": "a/b", "sha256": "ab" * 32})), "base.voice"),
        (_changed(lambda v: v.update(base={"voice": "a", "sha256": "ab"})), "base.sha256"),
        (voice_model_text(MODEL).replace("1.0,", "NaN,", 1).encode(), "NaN is no number"),
        (voice_model_text(MODEL).replace("1.0,", "Infinity,", 1).encode(), "no number"),
    ],
)
def test_what_cannot_be_a_voice_is_refused_with_its_reason(data: bytes, said: str) -> None:
    with pytest.raises(ModelRefusedError, match=said):
        read_voice_model(data)


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_KEYS = [*json.loads(voice_model_text(MODEL)), "base"]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_KEYS), _json)
def test_any_value_anywhere_is_read_or_refused(key: str, value: Any) -> None:
    values = json.loads(voice_model_text(MODEL))
    values[key] = value
    with contextlib.suppress(ModelRefusedError):
        read_voice_model(json.dumps(values).encode()).resolved()


def test_a_voice_that_could_not_be_read_is_not_written() -> None:
    broken = Speaker((float("nan"), *[0.0] * 63), 12.0, 0.0)
    with pytest.raises(ModelRefusedError):
        voice_model_text(VoiceModel({"x": broken}, files=MODEL.files, symbols=("a",)))


# -- blends ----------------------------------------------------------------------------------------


def test_a_blend_of_two_is_the_spherical_interpolation() -> None:
    a, b = Speaker(ONE, 0.0, -20.0, 1.0, 0.0), Speaker(TWO, 10.0, -10.0, 2.0, 4.0)
    for share in (0.0001, 0.25, 0.5, 0.9):
        made = blend([(a, 1 - share), (b, share)])
        angle = share * 3.141592653589793 / 2
        import math

        assert made.vector[:2] == pytest.approx((math.cos(angle), math.sin(angle)), abs=1e-9)
        assert made.mean_pitch_st == pytest.approx(10 * share)
        assert made.mean_energy_db == pytest.approx(-20 + 10 * share)
        assert made.rate == pytest.approx(2**share)
        assert made.pitch_st == pytest.approx(4 * share)


def test_a_blend_of_many_is_in_no_order_and_of_length_one() -> None:
    import random

    r = random.Random(3)
    speakers = []
    for _ in range(5):
        raw = [r.gauss(0, 1) for _ in range(64)]
        length = sum(x * x for x in raw) ** 0.5
        speakers.append((Speaker(tuple(x / length for x in raw), 0.0, 0.0), r.random() + 0.1))
    one, other = blend(speakers), blend(speakers[::-1])
    assert one.vector == pytest.approx(other.vector, abs=1e-9)
    assert sum(x * x for x in one.vector) == pytest.approx(1.0)
    assert blend(speakers[:1]).vector == pytest.approx(speakers[0][0].vector)


def test_opposites_cannot_be_blended_in_equal_parts() -> None:
    opposite = Speaker(tuple(-x for x in ONE), 0.0, 0.0)
    with pytest.raises(ValueError, match="opposite"):
        blend([(Speaker(ONE, 0.0, 0.0), 1.0), (opposite, 1.0)])


# -- files -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    module = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(module)
    return module.write(tmp_path_factory.mktemp("voices"))


@pytest.fixture
def own(pack, tmp_path) -> Path:
    shutil.copytree(pack, tmp_path / "voices" / "pack")
    return tmp_path / "voices" / "pack"


def opened(folder: Path) -> Any:
    return Voices([folder.parent], threads=1, use_cuda=False).open("pack")


def seal(folder: Path) -> None:
    """Make all hashes right again, as somebody with ill will would."""
    values = json.loads((folder / "voice.json").read_text())
    for name in GRAPHS:
        values["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    old = hashlib.sha256((folder / "voice.json").read_bytes()).hexdigest()
    (folder / "voice.json").write_text(json.dumps(values))
    new = hashlib.sha256((folder / "voice.json").read_bytes()).hexdigest()
    card = folder / "card.yaml"
    card.write_text(card.read_text().replace(old, new))


@pytest.mark.parametrize("name", [*GRAPHS, "voice.json"])
def test_a_changed_byte_anywhere_is_noticed(own: Path, name: str) -> None:
    data = bytearray((own / name).read_bytes())
    data[len(data) // 2] ^= 1
    (own / name).write_bytes(bytes(data))
    with pytest.raises(ModelRefusedError, match=name):
        opened(own)


@pytest.mark.parametrize("name", [*GRAPHS, "voice.json"])
def test_a_missing_or_linked_file_is_refused(own: Path, name: str) -> None:
    real = own.parent / "elsewhere"
    (own / name).rename(real)
    with pytest.raises(ModelRefusedError, match=name):
        opened(own)
    (own / name).symlink_to(real)
    with pytest.raises(ModelRefusedError, match="link"):
        opened(own)


def _edited(folder: Path, name: str, edit: Callable[[Any], object]) -> None:
    import onnx

    model = onnx.load_model_from_string((folder / name).read_bytes())
    edit(model.graph)
    (folder / name).write_bytes(model.SerializeToString())
    seal(folder)


def _external(graph: Any) -> None:
    tensor = graph.initializer[0]
    tensor.data_location = 1
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../secret"


def _random(graph: Any) -> None:
    from onnx import helper

    graph.node.append(helper.make_node("RandomNormalLike", ["mel"], ["unseeded"]))


def _renamed_input(graph: Any) -> None:
    graph.input[0].name = "ids"


def _renamed_output(graph: Any) -> None:
    graph.output[0].name = "sound"


def _wrong_type(graph: Any) -> None:
    graph.input[0].type.tensor_type.elem_type = 11


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        ("encoder.onnx", _external, "external data"),
        ("vocoder.onnx", _random, "RandomNormalLike"),
        ("encoder.onnx", _renamed_input, "inputs"),
        ("vocoder.onnx", _renamed_output, "outputs"),
        ("decoder.onnx", _wrong_type, "other types"),
    ],
)
def test_a_graph_that_is_none_of_ours_never_reaches_onnxruntime(
    own: Path, name: str, edit: Callable[[Any], object], said: str
) -> None:
    _edited(own, name, edit)
    with pytest.raises(ModelRefusedError, match=said):
        opened(own)


def test_graphs_in_each_others_place_are_refused(own: Path) -> None:
    a, b = own / "encoder.onnx", own / "decoder.onnx"
    data = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(data)
    seal(own)
    with pytest.raises(ModelRefusedError, match="inputs"):
        opened(own)


def test_a_truncated_graph_with_the_right_hashes_is_refused(own: Path) -> None:
    data = (own / "vocoder.onnx").read_bytes()
    (own / "vocoder.onnx").write_bytes(data[: len(data) // 2])
    seal(own)
    with pytest.raises(ModelRefusedError, match="complete"):
        opened(own)


def _nan_weights(graph: Any) -> None:
    import numpy as np
    from onnx import numpy_helper

    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name.endswith(("out.weight.half", "head.weight.half")):
            spoilt = np.full_like(values, np.nan)
            tensor.CopyFrom(numpy_helper.from_array(spoilt, tensor.name))


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_of_nan_weights_gives_an_error_and_no_sound(own: Path, name: str, say) -> None:
    _edited(own, name, _nan_weights)
    [answer] = opened(own).speak([SpeechRequest(say("no/noʊ"))])
    assert isinstance(answer, SynthesisError)
    assert "damaged" in str(answer)


def test_a_card_that_names_other_speakers_or_another_rate_is_refused(own: Path) -> None:
    card = own / "card.yaml"
    text = card.read_text()
    card.write_text(text.replace("mira:", "mirra:"))
    with pytest.raises(BarklineError, match="speakers"):
        opened(own)
    card.write_text(text.replace("22050", "44100"))
    with pytest.raises(BarklineError, match="44100 Hz"):
        opened(own)
