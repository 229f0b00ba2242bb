"""Model files are hostile: each kind of bad file is refused clearly, and nothing is left behind."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import ModelRefusedError, VoiceError
from renderer.speech.add import Rights, add_voice
from renderer.speech.onnx_file import read_model
from renderer.speech.voice_book import Voices
from renderer.speech.wire import Message, WireError


@pytest.fixture
def add(tmp_path, vits):
    """Write a (changed) model and configuration, and add them."""

    def run(change=None, settings_change=None, data=None, **options):
        path = vits.write(tmp_path)
        if change:
            model = vits.build()
            change(model)
            path.write_bytes(model.SerializeToString())
        if data is not None:
            path.write_bytes(data)
        config = path.with_name("voice.onnx.json")
        if settings_change:
            values = vits.config()
            settings_change(values)
            config.write_text(json.dumps(values))
        return add_voice(path, config, tmp_path / "in", options.pop("name", "voice"), **options)

    return run


def _nothing_left(tmp_path):
    folder = tmp_path / "in"
    return not folder.exists() or not list(folder.iterdir())


def test_external_data_is_refused(add, tmp_path):
    """A weight in another file could be any file of the machine."""

    def change(model):
        weight = model.graph.initializer[0]
        weight.ClearField("raw_data")
        weight.data_location = 1
        weight.external_data.add(key="location", value="../../etc/passwd")

    with pytest.raises(ModelRefusedError, match="external data"):
        add(change)
    assert _nothing_left(tmp_path)


def test_external_data_inside_a_constant_is_refused(add):
    """Attributes hold tensors too."""

    def change(model):
        import onnx

        tensor = onnx.TensorProto(name="x", data_type=1, data_location=1)
        node = onnx.helper.make_node("Constant", [], ["unused"], value=tensor)
        model.graph.node.insert(0, node)

    with pytest.raises(ModelRefusedError, match="external data"):
        add(change)


@pytest.mark.parametrize("kept", [0, 1, 10, 500, -1])
def test_a_truncated_file_is_refused(add, vits, kept):
    """Wherever it is cut."""
    data = vits.build().SerializeToString()
    with pytest.raises(ModelRefusedError):
        add(data=data[:kept])


def test_other_files_are_refused(add):
    """A web page saved as a model, a zip, zeros."""
    for data in (b"<html>404</html>", b"PK\x03\x04" + b"\0" * 99, b"\0" * 1000):
        with pytest.raises(ModelRefusedError):
            add(data=data)


def test_a_wrong_signature_is_refused(add):
    """Another model, with other inputs."""

    def rename(model):
        model.graph.input[0].name = "text"

    def retype(model):
        model.graph.input[0].type.tensor_type.elem_type = 1

    def extra(model):
        import onnx

        model.graph.input.append(onnx.helper.make_tensor_value_info("prompt", 1, [1]))

    for change in (rename, retype, extra):
        with pytest.raises(ModelRefusedError, match="Piper voice"):
            add(change)


def test_loops_and_foreign_operations_are_refused(add):
    """What can run for ever, or calls code that is not onnxruntime's."""

    def loop(model):
        model.graph.node[0].op_type = "Loop"

    def foreign(model):
        model.graph.node[0].domain = "evil.example"

    for change in (loop, foreign):
        with pytest.raises(ModelRefusedError, match="no Piper voice needs"):
            add(change)


def test_random_numbers_without_a_shape_input_are_refused(add):
    """They cannot be repeated."""

    def change(model):
        for node in model.graph.node:
            if node.op_type == "RandomNormalLike":
                node.op_type = "RandomNormal"
                del node.input[:]

    with pytest.raises(ModelRefusedError, match="cannot be repeated"):
        add(change)


def test_nan_is_refused_when_the_voice_is_added(tmp_path, vits):
    """A model that loads and gives NaN never gets a card."""
    path = vits.write(tmp_path, nan=True)
    with pytest.raises(ModelRefusedError, match="cannot speak"):
        add_voice(path, path.with_name("voice.onnx.json"), tmp_path / "in", "voice")
    assert _nothing_left(tmp_path)


def test_a_weight_of_the_wrong_size_is_refused(add):
    """Dims that promise more than the bytes hold."""

    def change(model):
        model.graph.initializer[0].dims[0] = 1 << 40

    with pytest.raises(ModelRefusedError, match="size"):
        add(change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(phoneme_type="pinyin"), "phoneme type"),
        (lambda c: c["audio"].update(sample_rate="fast"), "sample_rate"),
        (lambda c: c["phoneme_id_map"].pop("^"), "lacks"),
        (lambda c: c["phoneme_id_map"].update(a=[-1]), "wrong entry"),
        (lambda c: c["inference"].update(length_scale=1e9), "length_scale"),
        (lambda c: c["speaker_id_map"].update(x=99), "speaker_id_map"),
        (lambda c: c.update(phoneme_id_map=[]), "no mapping"),
    ],
)
def test_wrong_settings_are_refused(add, change, said):
    """Each with the field that is wrong."""
    with pytest.raises(ModelRefusedError, match=said):
        add(settings_change=change)


def test_ids_the_model_does_not_have_are_refused(add):
    """A configuration of another voice: the probe steps outside the embedding."""

    def change(values):
        values["phoneme_id_map"] = {s: [60_000] for s in values["phoneme_id_map"]}

    with pytest.raises(ModelRefusedError, match="cannot speak"):
        add(settings_change=change)


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "formant", "a b", ".hidden", "x" * 99])
def test_names_that_escape_are_refused(add, name, tmp_path):
    """A voice's name is a folder's name."""
    with pytest.raises(VoiceError, match="cannot be a voice"):
        add(name=name)
    assert _nothing_left(tmp_path)


def test_links_and_missing_files_are_refused(tmp_path, vits):
    """Only regular files are read."""
    path = vits.write(tmp_path)
    link = tmp_path / "link.onnx"
    link.symlink_to(path)
    config = path.with_name("voice.onnx.json")
    for model in (link, tmp_path, tmp_path / "missing.onnx"):
        with pytest.raises(ModelRefusedError):
            add_voice(model, config, tmp_path / "in", "voice")


def test_a_wrong_hash_is_refused(add):
    """`--sha256` says what the model has to be."""
    with pytest.raises(ModelRefusedError, match="SHA-256"):
        add(sha256="0" * 64)


def test_publishing_needs_a_licence(add):
    """Rights that contradict each other."""
    with pytest.raises(VoiceError, match="licence"):
        add(rights=Rights(may_publish=True))


def test_a_taken_name_is_kept(add):
    """The first voice of a name stays."""
    add()
    with pytest.raises(VoiceError, match="there already"):
        add()


def test_a_model_changed_after_it_was_added_is_refused(add, tmp_path):
    """The card pins the bytes."""
    add()
    model = tmp_path / "in" / "voice" / "model.onnx"
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(ModelRefusedError, match="differs"):
        Voices([tmp_path / "in"]).open("voice")


def test_a_changed_configuration_is_another_revision(add, tmp_path):
    """Its phoneme ids and scales are heard, so they belong to the render key."""
    add()
    before = Voices([tmp_path / "in"]).engine_revision("voice")
    config = tmp_path / "in" / "voice" / "model.onnx.json"
    config.write_text(config.read_text().replace("0.667", "0.5"))
    assert Voices([tmp_path / "in"]).engine_revision("voice") != before


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_model_or_refused(data):
    """The reader never raises anything else."""
    with pytest.raises(ModelRefusedError):
        read_model(data)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 500), st.one_of(st.integers(0, 2**64 - 1), st.binary(max_size=40)))
    )
)
def test_the_wire_format_round_trips(fields):
    """What was written is read."""
    message = Message()
    for number, value in fields:
        message.add(number, value)
    again = Message.parse(message.encode())
    assert [(n, v if isinstance(v, int) else bytes(v)) for n, _, v in again.fields] == fields
    assert again.encode() == message.encode()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_broken_wire_bytes_are_a_wire_error(data):
    """No other exception leaves the parser."""
    with contextlib.suppress(WireError):
        Message.parse(data)


def test_mutated_models_never_crash_the_reader(vits):
    """One byte changed at a time, all over the file."""
    data = bytearray(vits.build().SerializeToString())
    for at in range(0, len(data), 37):
        mutated = bytes(data[:at]) + bytes([data[at] ^ 0xFF]) + bytes(data[at + 1 :])
        with contextlib.suppress(ModelRefusedError):
            read_model(mutated)
