"""A character's voice changes in the project file, and not one byte else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.errors import InputError
from renderer.manifest.project import read_project
from renderer.manifest.recast import recast, voice_fields, write_if_unchanged

YAML = """\
# Keep: the cast is old.
name: tiny
source_locale: en-US
locales: {en-US: {required: true}, de-DE: {}}
characters:
  guard: {name: "Guard # one", voice: formant#m3}   # loud
  wren:
    voice: "formant#f2"  # formant#f2 is a comment
    voices: {de-DE: 'formant#f2', en-US: formant#f1}
    notes: speaks as formant#f2
"""
JSON = (
    '{"name": "tiny", "source_locale": "en-US", "locales": {"en-US": {}},\n'
    ' "characters": {"wren": {"voice": "formant#f2"}}}\n'
)


def write(folder: Path, text: str, name: str = "project.yaml") -> tuple[Path, bytes]:
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return path, path.read_bytes()


def test_every_field_of_the_character_changes_and_nothing_else(tmp_path: Path) -> None:
    path, data = write(tmp_path, YAML)
    made = recast(data, read_project(path), "wren", {"formant#f2": "formant#m1"}).decode()
    wanted = YAML.replace('"formant#f2"', '"formant#m1"').replace("'formant#f2'", "'formant#m1'")
    assert made == wanted
    assert [p.name for p in tmp_path.iterdir()] == ["project.yaml"]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_stay(tmp_path: Path, ending: str, bom: str) -> None:
    text = bom + YAML.replace("\n", ending)
    path, data = write(tmp_path, text)
    made = recast(data, read_project(path), "guard", {"formant#m3": "formant#m1"})
    assert made == text.replace("formant#m3", "formant#m1").encode()


def test_json_is_changed_too(tmp_path: Path) -> None:
    path, data = write(tmp_path, JSON, "project.json")
    made = recast(data, read_project(path), "wren", {"formant#f2": "formant#f1"})
    assert made == JSON.replace("formant#f2", "formant#f1").encode()


def test_there_and_back_is_the_same_file(tmp_path: Path) -> None:
    path, data = write(tmp_path, YAML)
    there = recast(data, read_project(path), "guard", {"formant#m3": "formant#m1"})
    path.write_bytes(there)
    assert recast(there, read_project(path), "guard", {"formant#m1": "formant#m3"}) == data


def test_back_again_leaves_a_field_that_had_the_new_voice_before(tmp_path: Path) -> None:
    """Else a locale that nobody promoted would get a voice that it never had."""
    path, data = write(tmp_path, YAML)
    project, voices = read_project(path), {"formant#f2": "formant#f1"}
    fields = voice_fields(project.characters["wren"], voices)
    assert fields == ("voice", "voices.de-DE")
    there = recast(data, project, "wren", voices, fields)
    path.write_bytes(there)
    back = recast(there, read_project(path), "wren", {"formant#f1": "formant#f2"}, fields)
    assert back == data


def test_a_voice_the_character_no_longer_has_is_refused(tmp_path: Path) -> None:
    path, data = write(tmp_path, YAML)
    with pytest.raises(InputError, match="again"):
        recast(data, read_project(path), "guard", {"formant#f2": "formant#m1"})


def test_a_name_that_yaml_reads_as_a_number_is_refused(tmp_path: Path) -> None:
    path, data = write(tmp_path, YAML)
    project = read_project(path)
    try:
        made = recast(data, project, "guard", {"formant#m3": "1e3"})
    except InputError:
        return
    path.write_bytes(made)
    assert read_project(path).characters["guard"].voice == "1e3"


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path, data = write(tmp_path, YAML)
    path.write_bytes(b"other")
    with pytest.raises(InputError, match="meanwhile"):
        write_if_unchanged(path, data, b"new")
    assert path.read_bytes() == b"other"
    assert [p.name for p in tmp_path.iterdir()] == ["project.yaml"]


LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"])
NOTE = st.text(LETTERS, max_size=30)


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(note=NOTE, comment=NOTE)
def test_whatever_stands_around_it_stays(tmp_path: Path, note: str, comment: str) -> None:
    import json

    text = (
        f"name: tiny\nsource_locale: en-US\nlocales: {{en-US: {{}}}}\ncharacters:\n"
        f"  wren: {{notes: {json.dumps(note)}, voice: formant#f2}} # {comment}\n"
    )
    path, data = write(tmp_path, text)
    try:
        project = read_project(path)
    except InputError:
        return  # the note is not allowed: no promotion then
    made = recast(data, project, "wren", {"formant#f2": "formant#m1"}).decode()
    at = text.rindex("voice: formant#f2}") if comment.count("voice: formant#f2}") == 0 else None
    if at is not None and len(made) == len(text):
        assert made == text[:at] + text[at:].replace("formant#f2", "formant#m1", 1)
