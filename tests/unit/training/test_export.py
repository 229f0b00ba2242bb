"""Networks to a voice folder: the same numbers, all of it or nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto
from torch import nn

from renderer.domain.voice_json import read_voice_model
from renderer.domain.voice_model import GRAPHS, Blend
from renderer.errors import TrainingError
from renderer.training import base, export, parity
from renderer.training.export import SpeakerAbout, VoiceAbout, export_voice, sharpen
from renderer.training.fastpitch import FastPitch, FastPitchConfig
from renderer.training.graph import acoustic_graphs, fourier, vocoder_graph
from renderer.training.hifigan import Generator, GeneratorConfig
from renderer.training.onnx_graph import write_graph
from renderer.training.source_filter import SourceFilter, SourceFilterConfig
from renderer.training.speaker_table import SpeakerTable

CONFIG = FastPitchConfig.named("tiny", languages=("en", "de", "fr"), emotions=("neutral", "sad"))
ABOUT = VoiceAbout("pack", "CC0-1.0", True, "Random numbers.")


def _shaken(module: nn.Module) -> nn.Module:
    """Leave nothing at its start: zeros would hide what is wired wrongly."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return module.eval()


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(5)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def acoustic() -> FastPitch:
    return _shaken(FastPitch(CONFIG))


@pytest.fixture(scope="module")
def vocoder() -> SourceFilter:
    return _shaken(SourceFilter(SourceFilterConfig(width=32, blocks=1, expansion=2)))


@pytest.fixture(scope="module")
def table() -> SpeakerTable:
    made = SpeakerTable(("mira", "tomas"))
    made.tell("mira", 12.5, -20.0)
    made.tell("tomas", 2.0, -18.0)
    return made


@pytest.fixture(scope="module")
def voice(acoustic, vocoder, table, tmp_path_factory) -> Path:
    about = replace(
        ABOUT,
        speakers={"tomas": SpeakerAbout(1.1, -1.0), "mira": SpeakerAbout()},
        blends={"both": Blend({"mira": 1, "tomas": 2})},
    )
    folder = tmp_path_factory.mktemp("voices") / "pack"
    weights = folder.parent / "weights.safetensors"
    return export_voice(acoustic, table, vocoder, about, folder, weights=weights)


# -- the same numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize("half", [False, True])
def test_every_graph_says_what_the_network_says_alone_and_in_ragged_batches(
    acoustic, vocoder, half: bool
) -> None:
    graphs = (*acoustic_graphs(acoustic), vocoder_graph(vocoder))
    made = parity.examples(CONFIG, 2)
    for name, graph, example, axes in zip(GRAPHS, graphs, made, export._AXES, strict=True):
        if half:
            export._round(graph)
        data = write_graph(graph, example, axes, half=half)
        parity.require(name, data, graph, CONFIG)


def test_half_weights_are_half_the_file_and_almost_the_same_numbers(acoustic) -> None:
    encoder, _ = acoustic_graphs(acoustic)
    axes, example = export._AXES[0], parity.examples(CONFIG, 2)[0]
    full, half = (write_graph(encoder, example, axes, half=h) for h in (False, True))
    weights = sum(p.numel() for p in acoustic.encoder.parameters())
    assert len(full) - len(half) > 1.8 * weights
    row = parity._tokens(CONFIG, 31, 0)
    assert parity.difference(half, encoder, [row], GRAPHS[0]) < 0.02


def test_a_wrong_graph_is_noticed(acoustic) -> None:
    encoder, _ = acoustic_graphs(acoustic)
    data = write_graph(encoder, parity.examples(CONFIG, 2)[0], export._AXES[0], half=False)
    with torch.no_grad():
        next(encoder.parameters()).mul_(1.01)
    with pytest.raises(TrainingError, match="no rounding"):
        parity.require(GRAPHS[0], data, encoder, CONFIG)


def test_padding_to_more_frames_changes_nothing(acoustic) -> None:
    _, decoder = acoustic_graphs(acoustic)
    hidden, durations, pitch, spread, *rest = parity._stack([parity._frames(CONFIG, 12, 1)])
    row = (hidden, durations, pitch, torch.ones_like(spread), *rest)
    total = int(row[1].sum())
    with torch.no_grad():
        mel, f0, voicing = decoder(*row, torch.tensor([total + 40]))
        wanted = acoustic.decode(hidden, durations, pitch, *rest)
    for one, other in zip((mel, f0, voicing), wanted, strict=True):
        assert torch.allclose(one[..., :total], other, atol=1e-5)
        assert torch.all(one[..., total:] == 0)


def test_the_source_filter_needs_no_complex_numbers(vocoder) -> None:
    row = parity._stack([parity._mel(CONFIG, 20, 1)])
    with torch.no_grad():
        assert torch.allclose(vocoder_graph(vocoder)(*row), vocoder(*row), atol=1e-5)


def test_fourier_matrices_are_those_of_the_transform_and_are_not_stored(vocoder) -> None:
    cosine, sine = fourier(64)
    x = torch.randn(3, 64)
    assert torch.allclose(torch.complex(x @ cosine, -(x @ sine)), torch.fft.rfft(x), atol=1e-4)
    graph = vocoder_graph(vocoder)
    data = write_graph(graph, parity.examples(CONFIG, 2)[2], export._AXES[2], half=False)
    stored = sum(np.prod(t.dims) for t in onnx.load_model_from_string(data).graph.initializer)
    assert stored < 1.2 * sum(p.numel() for p in vocoder.parameters()) + 257 * 337


def test_hifigan_goes_the_same_way() -> None:
    torch.manual_seed(1)
    graph = vocoder_graph(Generator(GeneratorConfig(width=32)))
    assert not any("parametrizations" in name for name, _ in graph.named_parameters())
    data = write_graph(graph, parity.examples(CONFIG, 2)[2], export._AXES[2], half=False)
    parity.require(GRAPHS[2], data, graph, CONFIG)


def test_the_same_network_gives_the_same_bytes(acoustic) -> None:
    _, decoder = acoustic_graphs(acoustic)
    example = parity.examples(CONFIG, 2)[1]
    one, other = (write_graph(decoder, example, export._AXES[1], half=True) for _ in range(2))
    assert one == other


# -- the folder ------------------------------------------------------------------------------------


def test_the_folder_says_who_speaks_and_one_hash_stands_for_all(voice) -> None:
    import yaml

    card = yaml.safe_load((voice / "card.yaml").read_text())
    contents = (voice / "voice.json").read_bytes()
    assert card["model_sha256"] == hashlib.sha256(contents).hexdigest()
    assert card["speakers"] == {"tomas": 0, "mira": 1, "both": 2}
    assert (card["engine"], card["has_durations"]) == ("fastpitch", True)
    model = read_voice_model(contents)
    for name in GRAPHS:
        assert model.files[name] == hashlib.sha256((voice / name).read_bytes()).hexdigest()
    assert model.speakers["mira"].mean_pitch_st == 12.5
    assert (model.speakers["tomas"].rate, model.speakers["tomas"].pitch_st) == (1.1, -1.0)
    assert model.languages == ("en", "de", "fr")
    assert sorted(p.name for p in voice.iterdir()) == sorted([*GRAPHS, "voice.json", "card.yaml"])


def test_the_weights_are_kept_for_those_who_train_on(voice, acoustic) -> None:
    read = base.Base.load(voice.parent / "weights.safetensors")
    kept = read.acoustic.weights("fastpitch")["duration.out.weight"]
    assert torch.equal(kept, acoustic.duration.out.weight.half())
    assert (read.rights.voice, read.rights.licence) == ("pack", "CC0-1.0")


def test_graphs_hold_no_foreign_text_and_only_half_weights(voice) -> None:
    for name in GRAPHS:
        model = onnx.load(voice / name)
        assert str(Path.cwd()) not in str(model)
        floats = [t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT]
        assert sum(int(np.prod(t.dims)) for t in floats) < 200_000


# -- all of it or nothing --------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch) -> None:
    """Leave out what takes seconds: these tests are about folders."""
    monkeypatch.setattr(export, "write_graph", lambda *_, **__: b"graph")
    monkeypatch.setattr(parity, "require", lambda *_: None)


def _left(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir()]


def test_weights_that_are_no_numbers_are_refused(acoustic, vocoder, table, tmp_path) -> None:
    broken = FastPitch(CONFIG)
    with torch.no_grad():
        broken.decoder.out.weight[0, 0] = float("nan")
    with pytest.raises(TrainingError, match=r"decoder\.out\.weight"):
        export_voice(broken, table, vocoder, ABOUT, tmp_path / "pack")
    assert _left(tmp_path) == []


def test_sharpening_raises_peaks_and_leaves_level_and_slope_alone() -> None:
    out = torch.nn.Linear(1, 80)
    mel = torch.linspace(-1.0, -5.0, 80)
    mel[30] += 1.0
    with torch.no_grad():
        out.weight.zero_()
        out.bias.copy_(mel)
    sharpen(out, 0.25)
    made = out.bias.detach()
    assert made[30] - mel[30] > 0.15
    assert torch.allclose(made[45:70], mel[45:70], atol=1e-3)
    assert abs(float(made.mean() - mel.mean())) < 0.02


@pytest.mark.parametrize("sharpness", [-0.1, 1.5, float("nan")])
def test_no_sharpness_beyond_its_range(sharpness: float) -> None:
    with pytest.raises(TrainingError, match="sharpness"):
        sharpen(torch.nn.Linear(1, 80), sharpness)


def test_a_weight_too_large_for_float16_is_refused(vocoder, table, tmp_path) -> None:
    broken = FastPitch(CONFIG)
    with torch.no_grad():
        broken.decoder.out.bias[0] = 1e6
    with pytest.raises(TrainingError, match="float16"):
        export_voice(broken, table, vocoder, ABOUT, tmp_path / "pack")
    assert _left(tmp_path) == []


def test_an_interrupted_export_is_never_seen(
    quick, acoustic, vocoder, table, tmp_path, monkeypatch
) -> None:
    write, written = Path.write_bytes, []

    def fails(self, data):
        written.append(self.name)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(TrainingError, match="No space left"):
        export_voice(acoustic, table, vocoder, ABOUT, tmp_path / "pack")
    assert _left(tmp_path) == []


def test_a_voice_that_is_there_is_replaced_only_when_asked(
    quick, acoustic, vocoder, table, tmp_path
) -> None:
    folder = export_voice(acoustic, table, vocoder, ABOUT, tmp_path / "pack")
    before = json.loads((folder / "voice.json").read_text())
    with pytest.raises(TrainingError, match="there already"):
        export_voice(acoustic, table, vocoder, ABOUT, folder)
    export_voice(acoustic, table, vocoder, replace(ABOUT, variation=0.1), folder, replace=True)
    assert json.loads((folder / "voice.json").read_text()) == {**before, "variation": 0.1}
    assert _left(tmp_path) == ["pack"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "other"}, "folder of that name"),
        ({"name": "a/b"}, "another name"),
        ({"licence": ""}, "licence"),
        ({"speakers": {"nobody": SpeakerAbout()}}, "nobody"),
        ({"blends": {"mira": Blend({"tomas": 1})}}, "one name"),
        ({"speakers": {"mira": SpeakerAbout(rate=9.0)}}, "rate"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_written(
    quick, acoustic, vocoder, table, tmp_path, change, said: str
) -> None:
    with pytest.raises(TrainingError, match=said):
        export_voice(acoustic, table, vocoder, replace(ABOUT, **change), tmp_path / "pack")
    assert _left(tmp_path) == []


def test_weights_replace_nothing_unasked_and_find_their_folder(
    quick, acoustic, vocoder, table, tmp_path
) -> None:
    folder, weights = tmp_path / "voices/pack", tmp_path / "weights/here/pack.safetensors"
    export_voice(acoustic, table, vocoder, ABOUT, folder, weights=weights)
    assert weights.is_file()
    weights.write_bytes(b"another's")
    for place, said in ((weights, "--replace"), (tmp_path, "--replace")):
        other = tmp_path / "other" / "pack"
        with pytest.raises(TrainingError, match=said):
            export_voice(acoustic, table, vocoder, ABOUT, other, weights=place)
    assert weights.read_bytes() == b"another's"
    inside = tmp_path / "more/pack" / "weights.safetensors"
    with pytest.raises(TrainingError, match=r"beside it, in .*pack\.safetensors"):
        export_voice(acoustic, table, vocoder, ABOUT, inside.parent, weights=inside)
    below = weights / "no/folder.safetensors"
    with pytest.raises(TrainingError, match=r"weights cannot be written.*another place"):
        export_voice(acoustic, table, vocoder, ABOUT, tmp_path / "x/pack", weights=below)


def test_a_folder_that_is_no_voice_is_not_replaced(
    quick, acoustic, vocoder, table, tmp_path
) -> None:
    thesis = tmp_path / "pack/thesis.tex"
    thesis.parent.mkdir()
    thesis.write_text("years", "utf-8")
    with pytest.raises(TrainingError, match="no voice"):
        export_voice(acoustic, table, vocoder, ABOUT, thesis.parent, replace=True)
    assert thesis.read_text() == "years"
