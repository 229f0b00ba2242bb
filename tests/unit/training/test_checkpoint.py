"""Checkpoints: all or nothing on the disk, nothing but what fits into memory."""

from __future__ import annotations

import errno
import json
import os
import resource
import stat
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from renderer.errors import TrainingError
from renderer.training import checkpoint


def network() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(1)
    net = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return net, optimizer


def saved(path: Path) -> tuple[nn.Module, torch.optim.Optimizer]:
    net, optimizer = network()
    average = {"net": {k: v + 1 for k, v in net.state_dict().items()}}
    checkpoint.save(path, 7, {"run": {"ü": 1}}, {"net": net}, {"net": optimizer}, average)
    return net, optimizer


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    net, optimizer = saved(tmp_path / "a.safetensors")
    kept = checkpoint.load(tmp_path / "a.safetensors")
    assert (kept.step, kept.run) == (7, {"ü": 1})
    other = nn.Linear(3, 2)
    checkpoint.restore_module(kept, "net", other, averaged=False)
    assert torch.equal(other.weight, net.weight)
    checkpoint.restore_module(kept, "net", other, averaged=True)
    assert torch.equal(other.weight, net.weight + 1)
    again = torch.optim.AdamW(other.parameters())
    checkpoint.restore_optimizer(kept, "net", again)
    for index, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            assert torch.equal(again.state_dict()["state"][index][key], value)


def test_no_file_stays_open_and_others_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        saved(folder / "a.safetensors")
    assert len(os.listdir("/proc/self/fd")) == before
    assert os.listdir(folder) == ["a.safetensors"]
    (folder / "plain").touch()
    modes = [stat.S_IMODE((folder / n).stat().st_mode) for n in ("a.safetensors", "plain")]
    assert modes[0] == modes[1]


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    saved(path)
    before = path.read_bytes()
    wide = nn.Linear(500, 500)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(TrainingError, match="could not be written"):
            checkpoint.save(path, 8, {}, {"net": wide}, {}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), SafetensorError("I/O error")]
)
def test_a_failing_writer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(checkpoint, "save_file", fail)
    with pytest.raises(TrainingError, match="Make room"):
        saved(tmp_path / "a.safetensors")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="could not be written"):
        saved(tmp_path / "nowhere" / "a.safetensors")


HEADERS = [
    None,
    {},
    {"step": "x", "about": "{}"},
    {"step": "-1", "about": "{}"},
    {"step": "1", "about": "[]"},
    {"step": "1", "about": "{"},
    {"step": "1", "about": "[" * 100_000},
]


@pytest.mark.parametrize("header", HEADERS)
def test_hostile_headers_are_refused(tmp_path: Path, header: dict[str, str] | None) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"x": torch.zeros(1)}, path, metadata=header)
    with pytest.raises(TrainingError, match="no checkpoint that can be read"):
        checkpoint.load(path)


@pytest.mark.parametrize("data", [b"", b"\0" * 8, b"\xff" * 64, b"PK\x03\x04" + b"x" * 99])
def test_files_that_are_no_safetensors_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    with pytest.raises(TrainingError, match="no checkpoint that can be read"):
        checkpoint.load(path)


def test_missing_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(TrainingError):
            checkpoint.load(path)


def test_weights_without_a_run_are_no_run(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "w", 0, {"voice": "mira"}, {}, {}, {})
    with pytest.raises(TrainingError, match="no checkpoint of a training run"):
        _ = checkpoint.load(tmp_path / "w").run


def test_another_architecture_is_refused_with_names(tmp_path: Path) -> None:
    saved(tmp_path / "a")
    kept = checkpoint.load(tmp_path / "a")
    with pytest.raises(TrainingError, match=r"weight is \(2, 3\), not \(4, 3\)"):
        checkpoint.restore_module(kept, "net", nn.Linear(3, 4), averaged=False)
    with pytest.raises(TrainingError, match=r"0\.weight is missing.*weight is not known"):
        checkpoint.restore_module(kept, "net", nn.Sequential(nn.Linear(3, 2)), averaged=False)
    wide = nn.Sequential(*(nn.Linear(3, 3) for _ in range(4)))
    with pytest.raises(TrainingError, match="is missing and 4 more"):
        checkpoint.restore_module(kept, "nothing", wide, averaged=False)
    with pytest.raises(TrainingError, match="bias is not known"):
        checkpoint.restore_average(kept, "net", {"weight": torch.zeros(2, 3)})


@pytest.mark.parametrize("key", ["9.exp_avg", "x.exp_avg", ".exp_avg", "0.exp_avg"])
def test_another_optimiser_is_refused(tmp_path: Path, key: str) -> None:
    tensors = {f"optimizer.net.{key}": torch.zeros(7)}
    save_file(tensors, tmp_path / "a", metadata={"step": "1", "about": json.dumps({})})
    _, optimizer = network()
    with pytest.raises(TrainingError, match="fits no parameter"):
        checkpoint.restore_optimizer(checkpoint.load(tmp_path / "a"), "net", optimizer)
