"""TensorBoard: readable files; a full disk ends the pictures and not the training."""

from __future__ import annotations

import errno
import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from renderer.training.learner import Illustration
from renderer.training.watcher import TensorBoard, _grey

SHOWN = Illustration(
    {"mel": np.arange(12, dtype=np.float32).reshape(3, 4)},
    {"made": np.full(2205, np.nan, dtype=np.float32)},
)


def test_numbers_pictures_and_sounds_are_in_the_file(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    watcher = TensorBoard(tmp_path)
    watcher.numbers("valid", {"loss": 0.5}, 7)
    watcher.picture(SHOWN, 7)
    read = EventAccumulator(str(tmp_path / "tensorboard"))
    read.Reload()
    assert [(x.step, x.value) for x in read.Scalars("valid/loss")] == [(7, 0.5)]
    assert read.Images("mel")[0].width == 4
    assert read.Audio("made")[0].step == 7


def test_a_full_disk_ends_the_pictures_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = TensorBoard(tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(watcher._writer, "add_scalar", full)
    with caplog.at_level(logging.WARNING):
        watcher.numbers("train", {"loss": 1.0}, 1)
        watcher.numbers("train", {"loss": 1.0}, 2)
        watcher.picture(SHOWN, 2)
    assert [r.levelname for r in caplog.records] == ["WARNING"]


def test_a_disk_that_is_full_from_the_start_ends_the_pictures_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tensorboard").write_text("no folder", "utf-8")
    with caplog.at_level(logging.WARNING):
        watcher = TensorBoard(tmp_path)
        watcher.numbers("train", {"loss": 1.0}, 1)
        watcher.picture(SHOWN, 1)
    assert [r.levelname for r in caplog.records] == ["WARNING"]


def test_its_thread_says_nothing_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from tensorboard.summary.writer.record_writer import RecordWriter

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    monkeypatch.setattr(RecordWriter, "write", full)
    with caplog.at_level(logging.WARNING):
        watcher = TensorBoard(tmp_path)
        watcher.numbers("train", {"loss": 1.0}, 1)
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert told == []
    threading.excepthook(threading.ExceptHookArgs((ValueError, ValueError(), None, None)))
    assert len(told) == 1


def test_a_picture_goes_from_black_to_white() -> None:
    grey = _grey(np.array([[-11.5, 0.0], [np.nan, 2.0]], dtype=np.float32))
    assert (grey.min(), grey.max(), grey.dtype) == (0, 255, np.uint8)
    assert (_grey(np.full((2, 2), 3.0, dtype=np.float32)) == 0).all()
