"""A corpus on disk: what is written comes back; what others wrote is checked."""

from __future__ import annotations

import json
import os
import resource
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from renderer.errors import InputError
from renderer.training.corpus import CLIPS_FILE, CORPUS_FILE, VALID, Clip, Corpus, Speaker

CLIP = Clip(
    "one", "mira", "en", "Ah — “ja”.", "audio/one.flac", 5,
    phones=("_", "a", "_"), stresses=(0, 1, 0), words=(-1, 0, -1), durations=(1, 3, 1),
    trusted=(True, False, True), checks={"snr": 30.5},
)  # fmt: skip


def corpus(folder: Path, *clips: Clip) -> Corpus:
    made = Corpus(folder, {"mira": Speaker("mira", "CC0-1.0", True)}, clips or (CLIP,))
    made.save()
    return made


def test_round_trip_sorted_by_id(tmp_path: Path) -> None:
    first = replace(CLIP, id="a", split=VALID)
    second = replace(CLIP, id="b", language="de", faults=("too loud",))
    corpus(tmp_path, second, CLIP, first)
    read = Corpus.load(tmp_path)
    assert read.clips == (first, second, CLIP)
    assert read.languages == ("de", "en")
    assert read.usable("train") == (CLIP,)
    assert read.usable(VALID) == (first,)
    assert sorted(os.listdir(tmp_path)) == [CLIPS_FILE, CORPUS_FILE]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\n", "\r\n"])
def test_texts_may_hold_any_separator(tmp_path: Path, mark: str) -> None:
    odd = replace(CLIP, text=f"one{mark}two")
    corpus(tmp_path, odd)
    assert Corpus.load(tmp_path).clips == (odd,)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"speaker": "nobody"}, "no speaker 'nobody'"),
    ({"audio": "/etc/passwd"}, "outside"),
    ({"audio": "../x.flac"}, "outside"),
    ({"durations": [1, 1, 1]}, "do not cover its 5 frames"),
    ({"durations": [-1, 5, 1]}, "no counts of frames"),
    ({"durations": [1.0, 3.0, 1.0]}, "durations is no list of int"),
    ({"frames": "5", "durations": []}, "no counts of frames"),
    ({"frames": 0, "durations": []}, "no counts of frames"),
    ({"phones": "_a_"}, "phones is no list of str"),
    ({"phones": ["_"]}, "differ in number"),
    ({"trusted": [True]}, "one `trusted` flag"),
    ({"trusted": [1, 0, 1]}, "trusted is no list of bool"),
    ({"text": None}, "text is no text"),
    ({"id": 7}, "id is no text"),
    ({"extra": 1}, "this is no clip"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_clips_are_named_by_line(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    corpus(tmp_path)
    good = json.dumps(asdict(CLIP))
    bad = json.dumps({**asdict(CLIP), "id": "two", **change})
    (tmp_path / CLIPS_FILE).write_text(f"{good}\n{bad}\nnull\n")
    with pytest.raises(InputError, match="2 faults") as caught:
        Corpus.load(tmp_path)
    assert [fault.line for fault in caught.value.faults] == [2, 3]
    assert message in caught.value.faults[0].problem


def test_a_clip_twice(tmp_path: Path) -> None:
    corpus(tmp_path)
    line = json.dumps(asdict(CLIP)) + "\n"
    (tmp_path / CLIPS_FILE).write_text(line + "\n" + line)
    with pytest.raises(InputError) as caught:
        Corpus.load(tmp_path)
    assert caught.value.faults[0].line == 3
    assert "there twice" in caught.value.faults[0].problem


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"spec": {}, "speakers": []}', "[" * 100_000,
        '{"spec": {"sample_rate": 1, "n_fft": 1, "hop_length": 1, "n_mels": 1}, "speakers": [1]}',
        '{"spec": {"sample_rate": 1, "n_fft": 1, "hop_length": 1, "n_mels": 1}, "speakers": '
        '[{"name": "m", "f0_floor_hz": 300, "f0_ceiling_hz": 100}]}',
    ],
)  # fmt: skip
def test_a_folder_that_is_no_corpus(tmp_path: Path, text: str) -> None:
    corpus(tmp_path)
    (tmp_path / CORPUS_FILE).write_text(text)
    with pytest.raises(InputError, match="is no corpus"):
        Corpus.load(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="barkline train prepare"):
        Corpus.load(tmp_path / "none")


def test_a_full_disk_leaves_the_corpus_as_it_was(tmp_path: Path) -> None:
    corpus(tmp_path)
    before = (tmp_path / CLIPS_FILE).read_bytes()
    many = tuple(replace(CLIP, id=f"clip{i}") for i in range(100))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            corpus(tmp_path, *many)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / CLIPS_FILE).read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == [CLIPS_FILE, CORPUS_FILE]


@pytest.mark.parametrize("stress", [3, -1])
def test_a_stress_there_is_not_is_a_fault_of_its_clip(tmp_path: Path, stress: int) -> None:
    clip = Clip(
        "one", "mira", "en", "a", "one.flac", 4, phones=("a",), stresses=(stress,), words=(0,)
    )
    Corpus(tmp_path, {"mira": Speaker("mira")}, (clip,)).save()
    with pytest.raises(InputError) as caught:
        Corpus.load(tmp_path)
    (fault,) = caught.value.faults
    assert fault.path == (tmp_path / "clips.jsonl").as_posix()
    assert "'one'" in fault.problem
