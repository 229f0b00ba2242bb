"""Addresses of stores: every form, every mistake, no password kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from renderer.errors import ConfigError
from renderer.storage import open_store
from renderer.storage.http import HttpStore
from renderer.storage.local import LocalStore


def test_a_folder_is_a_store(tmp_path: Path) -> None:
    for url in (str(tmp_path), tmp_path.as_uri(), f"file://localhost{tmp_path.as_posix()}"):
        store = open_store(url)
        assert isinstance(store, LocalStore)
        assert store.root == tmp_path


def test_a_folder_with_a_space_and_a_percent_sign(tmp_path: Path) -> None:
    folder = tmp_path / "my 100% voice"
    store = open_store(folder.as_uri())
    assert isinstance(store, LocalStore)
    assert store.root == folder


@pytest.mark.parametrize("path", ["C:\\game\\store", "c:/game/store", "build/store"])
def test_a_drive_letter_is_no_scheme(path: str) -> None:
    store = open_store(path)
    assert isinstance(store, LocalStore)
    assert str(store.root) == str(Path(path))


def test_a_web_address_is_a_store() -> None:
    assert isinstance(open_store("https://cdn.example/voice/"), HttpStore)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "empty"),
        ("ftp://host/x", "no store"),
        ("file://server/share", "three slashes"),
        ("s3:///prefix", "no bucket"),
        ("s3://bucket/x?secret=1", "unknown options"),
        ("s3://bucket/x?style=weird", "style is"),
        ("s3://bucket/x?endpoint=host:9000", "endpoint is"),
        ("s3://AKIA:hush@bucket/x", "no credentials"),
        ("s3://bucket/x?endpoint=https://me:hush@host", "password"),
        ("https://me:hush@host/x", "password"),
        ("https:///x", "https://host"),
    ],
)
def test_a_wrong_address_says_what_to_write(url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        open_store(url)
    assert "hush" not in str(caught.value)


def test_opening_a_folder_loads_no_other_store(tmp_path: Path) -> None:
    code = (
        "import sys; from renderer.storage import open_store; open_store(sys.argv[1]); "
        "print([m for m in ('boto3', 'numpy', 'renderer.storage.http') if m in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"
