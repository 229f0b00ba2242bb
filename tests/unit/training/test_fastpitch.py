"""The acoustic model: shapes, masks, control that is exact, ONNX with any batch and length."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from renderer.training.fastpitch import Decoded, Encoded, FastPitch, FastPitchConfig, regulate

LENGTHS = (4, 9, 6)
CONFIG = FastPitchConfig.named("tiny", languages=("de", "en"), emotions=("neutral", "angry"))


class Line:
    """Rows of random phones; what lies in the padding is no zero."""

    def __init__(self) -> None:
        make = torch.Generator().manual_seed(5)
        rows, width = len(LENGTHS), max(LENGTHS)

        def whole(top: int, *shape: int) -> Tensor:
            return torch.randint(0, top, shape, generator=make)

        self.lengths = torch.tensor(LENGTHS)
        self.phones = whole(CONFIG.symbols, rows, width)
        self.stresses, self.starts = whole(3, rows, width), whole(2, rows, width)
        self.language, self.emotion = whole(2, rows), whole(2, rows)
        self.speaker = nn.functional.normalize(torch.randn(rows, 64, generator=make), dim=1)
        inside = torch.arange(width)[None] < self.lengths[:, None]
        self.durations = whole(7, rows, width) * inside
        self.durations[0, LENGTHS[0] - 1] = 0  # a last pause without frames, then padding
        self.durations[1, 0] = 0

    def encode(self, model: FastPitch, row: slice = slice(None)) -> Encoded:
        width = int(self.lengths[row].max())
        return model.encode(
            self.phones[row, :width],
            self.stresses[row, :width],
            self.starts[row, :width],
            self.lengths[row],
            self.language[row],
            self.emotion[row],
            self.speaker[row],
        )

    def decode(self, model: FastPitch, said: Encoded, row: slice = slice(None)) -> Decoded:
        durations = self.durations[row, : said.pitch.shape[1]]
        return model.decode(said.hidden, durations, said.pitch + 12, said.energy, self.speaker[row])


@pytest.fixture(scope="module")
def model() -> FastPitch:
    """A network none of whose weights is zero."""
    torch.manual_seed(3)
    made = FastPitch(CONFIG).eval()
    for weight in made.parameters():
        if not weight.any():
            nn.init.normal_(weight, std=0.1)
    return made


@pytest.fixture(scope="module")
def line() -> Line:
    return Line()


def test_shapes(model: FastPitch, line: Line) -> None:
    said = line.encode(model)
    assert said.hidden.shape == (3, 9, CONFIG.width)
    assert said.pitch.shape == said.energy.shape == said.log_durations.shape == (3, 9)
    frames = int(line.durations.sum(1).max())
    spoken = line.decode(model, said)
    assert spoken.mel.shape == (3, 80, frames)
    assert spoken.f0.shape == spoken.voicing.shape == (3, frames)


@torch.no_grad()
def test_a_row_does_not_depend_on_its_batch(model: FastPitch, line: Line) -> None:
    said = line.encode(model)
    spoken = line.decode(model, said)
    for row, length in enumerate(LENGTHS):
        only = slice(row, row + 1)
        alone = line.encode(model, only)
        for a, b in zip(said, alone, strict=True):
            torch.testing.assert_close(a[row, :length], b[0], atol=1e-5, rtol=0)
            assert not a[row, length:].any()
        sound = line.decode(model, alone, only)
        frames = sound.mel.shape[2]
        assert frames == int(line.durations[row].sum())
        for a, b in zip(spoken, sound, strict=True):
            torch.testing.assert_close(a[row, ..., :frames], b[0], atol=1e-5, rtol=1e-6)
            assert not a[row, ..., frames:].any()


@torch.no_grad()
@pytest.mark.parametrize("semitones", [3.0, -3.0, 12.0])
def test_pitch_that_is_asked_is_given(model: FastPitch, line: Line, semitones: float) -> None:
    said = line.encode(model)
    before = line.decode(model, said).f0
    after = line.decode(model, said._replace(pitch=said.pitch + semitones)).f0
    sounds = before > 0
    got = 12 * torch.log2(after[sounds] / before[sounds])
    assert float((got - semitones).abs().max()) < 0.001


@torch.no_grad()
def test_one_raised_phone_raises_its_centre(model: FastPitch, line: Line) -> None:
    said = line.encode(model)
    raised = said.pitch.clone()
    row, phone = 1, int(line.durations[1].argmax())
    raised[row, phone] += 4.0
    on = regulate(line.durations)
    moved = on.interpolate(raised)[row] - on.interpolate(said.pitch)[row]
    inside = on.phone[row] == phone
    assert 3.0 < float(moved[inside].max()) <= 4.001
    far = (on.phone[row] - phone).abs() > 1
    assert not moved[far].any()


@torch.no_grad()
def test_energy_moves_the_level_before_anything_is_learnt(line: Line) -> None:
    torch.manual_seed(0)
    model = FastPitch(CONFIG).eval()
    nn.init.zeros_(model.decoder.energy.weight)
    said = line.encode(model)
    quiet = line.decode(model, said).mel
    loud = line.decode(model, said._replace(energy=said.energy + 6.0)).mel
    moved_db = (loud - quiet)[quiet != 0] * 20 / np.log(10)
    assert float((moved_db - 6.0).abs().max()) < 1e-3


def test_the_language_is_unknown_to_the_decoder() -> None:
    assert {n for n, p in FastPitch(CONFIG).named_parameters() if "language" in n} == {
        "encoder.language.weight"
    }


def test_gradients_reach_every_weight(line: Line) -> None:
    torch.manual_seed(3)
    model = FastPitch(CONFIG)
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.1)
    said = line.encode(model)
    spoken = line.decode(model, said)
    total = sum((value.float() ** 2).mean() for value in (*said, *spoken))
    total.backward()  # type: ignore[union-attr]
    without = {n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    assert not without


def test_unknown_size() -> None:
    with pytest.raises(ValueError, match="no size 'huge'"):
        FastPitchConfig.named("huge")


durations_of_rows = st.lists(
    st.lists(st.integers(0, 6), min_size=1, max_size=7), min_size=1, max_size=4
).filter(lambda rows: any(map(sum, rows)))


@given(durations_of_rows)
def test_regulator_repeats_each_phone_as_often_as_asked(rows: list[list[int]]) -> None:
    width = max(map(len, rows))
    durations = torch.tensor([[*row, *([0] * (width - len(row)))] for row in rows])
    on = regulate(durations)
    assert on.phone.shape[1] == max(map(sum, rows))
    for number, row in enumerate(rows):
        frames = sum(row)
        expected = [phone for phone, count in enumerate(row) for _ in range(count)]
        assert on.phone[number, :frames].tolist() == expected
        assert on.mask[number, :, 0].tolist() == [1.0] * frames + [0.0] * (len(on.mask[0]) - frames)
        assert bool((on.weight >= 0).all())
        assert bool((on.weight[number, :frames] <= 1).all())


@given(durations_of_rows, st.floats(-5, 5), st.floats(-2, 2))
def test_a_line_through_the_centres_stays_a_line(
    rows: list[list[int]], start: float, slope: float
) -> None:
    """Interpolation is exact for a line and holds it level before the first and last centre."""
    for row in rows:
        if not sum(row):
            continue
        ends = np.cumsum(row)
        centres = ends - np.asarray(row) / 2
        values = torch.tensor(start + slope * centres, dtype=torch.float32)[None]
        got = regulate(torch.tensor([row])).interpolate(values)[0].numpy()
        sounding = np.flatnonzero(row)
        t = np.clip(np.arange(sum(row)) + 0.5, centres[sounding[0]], centres[sounding[-1]])
        np.testing.assert_allclose(got, start + slope * t, atol=1e-4)


def test_onnx_takes_any_batch_and_length(model: FastPitch, line: Line, tmp_path: Path) -> None:
    ort = pytest.importorskip("onnxruntime")

    class Decode(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
            return tuple(self.model.decode(*inputs))

    with torch.no_grad():
        said = line.encode(model)
        spoken = line.decode(model, said)
    names = ["hidden", "durations", "pitch", "energy", "speaker"]
    inputs = (said.hidden, line.durations, said.pitch + 12, said.energy, line.speaker)
    axes = {name: {0: "rows", 1: "phones"} for name in names[:-1]} | {"speaker": {0: "rows"}}
    file = io.BytesIO()
    torch.onnx.export(
        Decode(), inputs, file, dynamo=False, opset_version=17, input_names=names,
        output_names=["mel", "f0", "voicing"], dynamic_axes=axes,
    )  # fmt: skip
    session = ort.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    for rows in (slice(0, 3), slice(0, 1), slice(2, 3)):
        width = int(line.lengths[rows].max())
        feed = {
            name: (value[rows, :width] if value.shape[1] != 64 else value[rows]).numpy()
            for name, value in zip(names, inputs, strict=True)
        }
        for expected, got in zip(spoken, session.run(None, feed), strict=True):
            same = expected[rows][..., : got.shape[-1]].numpy()
            np.testing.assert_allclose(got, same, atol=1e-4, rtol=1e-5)
