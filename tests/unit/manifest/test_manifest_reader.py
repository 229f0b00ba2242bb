"""Many files: formats, duplicates across them, encodings, links, streams."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.errors import Fault, ManifestError
from renderer.manifest import source
from renderer.manifest.reader import CHUNK, SceneFile, find_files, id_form, read_scenes

YAML = """\
scene: gate
locale: de-DE
character: anna
tags: [act-1]
lines:
  - {id: one, text: "Halt, *halt*!", emotion: angry 0.8, prosody: {rate: 1.2}, tags: [bark]}
  - {id: two, text: "Wer da?", hints: {da: ort}, words: [{word: da, emphasis: strong}], seed: 3}
"""


def yaml_lines(*ids: str) -> str:
    return "character: anna\nlines:\n" + "".join(f"  - {{id: {i}, text: hi}}\n" for i in ids)


def test_same_lines_in_every_format(game: Any) -> None:
    game.write("scenes/a.yaml", YAML)
    expected, faults = game.read()
    assert not faults
    one = {
        "id": "one", "text": "Halt, *halt*!", "emotion": {"name": "angry", "intensity": 0.8},
        "prosody": {"rate": 1.2}, "tags": ["bark"],
    }  # fmt: skip
    two = {
        "id": "two", "text": "Wer da?", "hints": {"da": "ort"}, "seed": 3,
        "words": [{"word": "da", "emphasis": "strong"}],
    }  # fmt: skip
    head = {"scene": "gate", "locale": "de-DE", "character": "anna", "tags": ["act-1"]}
    rows = [
        "id;scene;locale;character;tags;text;emotion.name;emotion.intensity;prosody.rate;hints;"
        "words;seed",
        'one;gate;de-DE;anna;"act-1,bark";Halt, *halt*!;angry;0.8;1.2;;;',
        'two;gate;de-DE;anna;act-1;Wer da?;;;;da=ort;"[{""word"": ""da"", ""emphasis"": '
        '""strong""}]";3',
    ]
    formats = {
        "a.json": json.dumps({**head, "lines": [one, two]}, indent=2),
        "a.jsonl": "\n".join(json.dumps(x) for x in (head, one, two)),
        "a.csv": "\n".join(rows),
        "a.tsv": "\r\n".join(row.replace(";", "\t") for row in rows).replace("da=ort", "da = ort"),
    }
    last = "a.yaml"
    for name, content in formats.items():
        (game.root / "scenes" / last).unlink()
        game.write(f"scenes/{name}", content)
        last = name
        found, faults = game.read()
        assert not faults, name
        blank = [type(u)(**{**_fields(u), "origin": None}) for u in found]
        assert blank == [type(u)(**{**_fields(u), "origin": None}) for u in expected], name


def _fields(utterance: Any) -> dict[str, Any]:
    return {name: getattr(utterance, name) for name in utterance.__dataclass_fields__}


def test_locale_and_scene_from_the_path(game: Any) -> None:
    lines, faults = game.read(
        {
            "de-DE/harbour.csv": "id,character,text\none,anna,Moin!\n",
            "quay.de-DE.yaml": yaml_lines("two"),
            "quay.yaml": yaml_lines("two"),
        }
    )
    assert not faults
    assert [(u.scene, u.locale) for u in lines] == [
        ("harbour", "de-DE"),
        ("quay", "de-DE"),
        ("quay", "en-US"),
    ]


@pytest.mark.parametrize(("first", "second"), [("Halt_1", "halt_1"), ("he\u0301", "h\u00e9")])
def test_duplicate_ids_by_case_and_normal_form(game: Any, first: str, second: str) -> None:
    lines, faults = game.read({"a.yaml": yaml_lines(first), "b.yaml": yaml_lines("ok", second)})
    assert [f.code for f in faults] == ["duplicate-id"]
    assert (faults[0].path, faults[0].line) == ("scenes/b.yaml", 4)
    assert "scenes/a.yaml:3" in faults[0].problem
    assert len(lines) == 2


def test_same_id_in_another_locale_is_its_translation(game: Any) -> None:
    lines, faults = game.read(
        {"a.yaml": yaml_lines("one"), "b.yaml": "locale: de-DE\n" + yaml_lines("one")}
    )
    assert not faults
    assert len(lines) == 2


def test_ids_known_from_files_not_read_now(game: Any) -> None:
    taken = {id_form("ONE", "en-US"): "scenes/other.yaml"}
    _, faults = game.read({"a.yaml": yaml_lines("one")}, taken=taken)
    assert [f.code for f in faults] == ["duplicate-id"]
    assert "scenes/other.yaml" in faults[0].problem


def test_was_must_be_gone_and_claimed_once(game: Any) -> None:
    text = "character: anna\nlines:\n  - {id: new, text: hi, was: old}\n"
    _, faults = game.read({"a.yaml": text})
    assert not faults
    _, faults = game.read({"b.yaml": yaml_lines("old")})
    assert [(f.code, f.path, f.line) for f in faults] == [("was-in-use", "scenes/a.yaml", 3)]
    (game.root / "scenes/b.yaml").unlink()
    _, faults = game.read(taken={id_form("old", "en-US"): "scenes/x.yaml"})
    assert [f.code for f in faults] == ["was-in-use"]
    _, faults = game.read({"c.yaml": text.replace("new", "newer")})
    assert [f.code for f in faults] == ["duplicate-was"]


def test_a_rename_may_change_the_case_alone(game: Any) -> None:
    text = "character: anna\nlines:\n  - {id: road, text: hi, was: Road}\n"
    lines, faults = game.read({"a.yaml": text})
    assert not faults
    assert lines[0].was == ("Road",)
    _, faults = game.read({"b.yaml": text.replace("id: road, text: hi, was", "text: hi, id")})
    assert [f.code for f in faults] == ["duplicate-id"]
    both = "character: anna\nlines: [{id: Road, text: hi}, {id: street, text: hi, was: road}]\n"
    (game.root / "scenes/b.yaml").unlink()
    _, faults = game.read({"a.yaml": both})
    assert [f.code for f in faults] == ["was-in-use"]


def test_unknown_voice(game: Any) -> None:
    lines, faults = game.read({"a.yaml": YAML}, voices={"formant"})
    assert not faults
    assert len(lines) == 2
    _, faults = game.read(
        {"b.yaml": "locale: de-DE\ncharacter: bert\nlines: [{id: three, text: Na?}]"},
        voices={"formant"},
    )
    assert [f.code for f in faults] == ["unknown-voice"]
    assert "'other'" in faults[0].problem


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("latin-1", "Latin-1"),
        ("cp1252", "Windows-1252"),
    ],
)
@pytest.mark.parametrize("suffix", ["yaml", "csv", "jsonl", "json"])
def test_wrong_encoding_is_named(game: Any, encoding: str, name: str, suffix: str) -> None:
    word = "für" if encoding != "cp1252" else "fur…"
    content = {
        "yaml": f'character: anna\nlines:\n  - {{id: one, text: "{word}"}}\n',
        "csv": f"id,character,text\none,anna,{word}\n",
        "jsonl": f'{{"character": "anna"}}\n{{"id": "one", "text": "{word}"}}\n',
        "json": f'{{"character": "anna",\n"lines": [\n{{"id": "one", "text": "{word}"}}]}}\n',
    }[suffix]
    lines, faults = game.read({f"a.{suffix}": content.encode(encoding)})
    assert not lines
    assert [f.code for f in faults] == ["wrong-encoding"]
    assert name in faults[0].problem
    assert "UTF-8" in faults[0].fix
    if encoding in ("latin-1", "cp1252"):
        assert faults[0].line == {"yaml": 3, "csv": 2, "jsonl": 2, "json": 3}[suffix]


@pytest.mark.parametrize("suffix", ["yaml", "csv", "jsonl", "json"])
def test_byte_order_mark_is_accepted(game: Any, suffix: str) -> None:
    content = {
        "yaml": yaml_lines("one"),
        "csv": "id,character,text\none,anna,hi\n",
        "jsonl": '{"id": "one", "character": "anna", "text": "hi"}\n',
        "json": '{"character": "anna", "lines": [{"id": "one", "text": "hi"}]}',
    }[suffix]
    lines, faults = game.read({f"a.{suffix}": content.encode("utf-8-sig")})
    assert not faults
    assert len(lines) == 1


def test_other_files_are_read_when_one_is_broken(game: Any) -> None:
    lines, faults = game.read({"a.yaml": "lines: [", "b.yaml": yaml_lines("one")})
    assert [f.path for f in faults] == ["scenes/a.yaml"]
    assert [u.line_id for u in lines] == ["one"]


@pytest.mark.parametrize(
    ("name", "content", "code", "line"),
    [
        ("a.yaml", "- id: one\n", "wrong-type", 1),
        ("a.yaml", "scene: a\n", "missing-field", 1),
        ("a.yaml", "lines: hello\n", "missing-field", 1),
        ("a.yaml", "lines:\n  - hello\n", "wrong-type", 2),
        ("a.yaml", "linse: []\nlines: []\n", "unknown-field", 1),
        ("a.yaml", "locale: fr-FR\nlines: []\n", "unknown-locale", 1),
        ("a.yaml", "character: x\nlines: []\n", "unknown-character", 1),
        ("a.yaml", "scene: ../x\nlines: []\n", "unsafe-id", 1),
        ("a.jsonl", '{"scene": "a"}\n[]\n', "wrong-type", 2),
        ("a.jsonl", '{"scene": "a"}\n{"id": }\n', "json-syntax", 2),
        ("a.jsonl", '{"id": "a", "character": "anna", "text": "\\ud800"}', "surrogate", 1),
        ("a.jsonl", '{"id": "a", "character": "anna", "text": 5}', "wrong-type", 1),
        ("a.csv", "id,character\none,anna\n", "missing-field", 1),
        ("a.csv", "id,text,character,colour\none,hi,anna,red\n", "unknown-field", 1),
        ("a.csv", "id,text,text,character\none,hi,ho,anna\n", "duplicate-key", 1),
        ("a.csv", "id,character,text\none,anna,hi, you\n", "too-many-cells", 2),
        ("a.csv", 'id,character,text\none,anna,"hi\n', "csv-syntax", 2),
        ("a.csv", 'id,character,text\none,anna,"hi" you\n', "csv-syntax", 2),
        ("a.csv", "id,character,text,words\none,anna,hi,nope\n", "json-syntax", 2),
        ("a.csv", "id,character,text\none,anna,a\x00b\n", "nul", 2),
        ('a.csv', 'id,character,text,prosody.rate\none,anna,hi,"1,1"\n', "wrong-type", 2),
    ],
)  # fmt: skip
def test_broken_file(game: Any, name: str, content: str, code: str, line: int) -> None:
    lines, faults = game.read({name: content})
    assert not lines or line == 1  # the head of a file is wrong, its lines are not
    assert (code, line) in [(f.code, f.line) for f in faults]


def test_csv_counts_lines_inside_quotes(game: Any) -> None:
    content = 'id,character,text\none,anna,"Good\nmorning."\n\ntwo,nobody,"a ""b"""\n'
    lines, faults = game.read({"a.csv": content})
    assert lines[0].text == "Good morning."
    assert lines[0].origin.line == 2
    assert [(f.code, f.line) for f in faults] == [("unknown-character", 5)]


def test_too_long_line_of_a_stream_is_skipped(game: Any) -> None:
    content = (
        '{"id": "one", "character": "anna", "text": "' + "x" * 200_000 + '"}\n'
        '{"id": "two", "character": "anna", "text": "hi"}\n'
    )
    lines, faults = game.read({"a.jsonl": content})
    assert [(f.code, f.line) for f in faults] == [("line-too-long", 1)]
    assert [(u.line_id, u.origin.line) for u in lines] == [("two", 2)]


def test_too_large_file(game: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_WHOLE_BYTES", 1000)
    _, faults = game.read({"a.yaml": "# " + "x" * 2000})
    assert [f.code for f in faults] == ["file-too-large"]


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_streams_are_read_as_they_are_asked_for(
    game: Any, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    rows = range(3 * CHUNK)
    if suffix == "csv":
        text = "id,character,text\n" + "".join(f"l{n},anna,hi\n" for n in rows)
    else:
        text = "".join(f'{{"id": "l{n}", "character": "anna", "text": "hi"}}\n' for n in rows)
    game.write(f"scenes/a.{suffix}", text)
    asked = 0
    bounded = source._bounded

    def counted(*args: Any) -> Any:
        nonlocal asked
        for item in bounded(*args):
            asked += 1
            yield item

    monkeypatch.setattr(source, "_bounded", counted)
    project = game.project()
    scenes = read_scenes(project, find_files(project), [])
    first = next(scenes)
    assert len(first.utterances) == CHUNK
    assert asked <= CHUNK + 2
    assert first.bytes_read < first.file.size / 2
    assert [len(s.utterances) for s in scenes] == [CHUNK, CHUNK]


def test_file_that_changes_while_it_is_read(game: Any) -> None:
    for name in ("a.yaml", "b.jsonl"):
        game.write(f"scenes/{name}", yaml_lines("one") if name == "a.yaml" else "{}\n")
    project = game.project()
    files = find_files(project)
    game.write("scenes/a.yaml", yaml_lines("two"))
    game.write("scenes/b.jsonl", '{"scene": "b"}\n')
    faults: list[Fault] = []
    list(read_scenes(project, files, faults))
    assert [f.code for f in faults] == ["file-changed", "file-changed"]


def test_file_that_is_gone(game: Any) -> None:
    faults: list[Fault] = []
    gone = [SceneFile("scenes/x.yaml", "0" * 64, 1), SceneFile("scenes/x.csv", "0" * 64, 1)]
    assert [len(s.utterances) for s in read_scenes(game.project(), gone, faults)] == [0, 0]
    assert [f.code for f in faults] == ["unreadable", "unreadable"]


def test_find_files_ignores_what_is_no_scene(game: Any) -> None:
    for name in ("b.yaml", "a.CSV", ".hidden.yaml", ".git/x.yaml", "~$a.csv", "README.md"):
        game.write(f"scenes/{name}", "x")
    game.write("scenes/dir.yaml/inner.json", "{}")
    found = find_files(game.project())
    assert [f.path for f in found] == [
        "scenes/a.CSV",
        "scenes/b.yaml",
        "scenes/dir.yaml/inner.json",
    ]
    assert found[0].sha256 == hashlib.sha256(b"x").hexdigest()
    assert found[0].size == 1


def test_project_file_and_lexicons_are_no_scenes(game: Any) -> None:
    project = game.root / "project.yaml"
    project.write_text(project.read_text() + "scenes: ['**/*']\n")
    game.write("lexicon/names.yaml", "entries: []")
    game.write("gate.yaml", yaml_lines("one"))
    assert [f.path for f in find_files(game.project())] == ["gate.yaml"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_out_of_the_project_are_refused(game: Any, tmp_path_factory: Any) -> None:
    outside: Path = tmp_path_factory.mktemp("outside") / "secret.yaml"
    outside.write_text("password: 1")
    game.write("scenes/a.yaml", yaml_lines("one"))
    (game.root / "scenes/link.yaml").symlink_to(outside)
    (game.root / "scenes/inside.yaml").symlink_to(game.root / "scenes/a.yaml")
    (game.root / "scenes/dead.yaml").symlink_to(outside.with_name("gone.yaml"))
    (game.root / "scenes/folder").symlink_to(outside.parent)
    with pytest.raises(ManifestError) as caught:
        find_files(game.project())
    assert {f.code for f in caught.value.faults} == {"escaping-link"}
    assert "scenes/link.yaml" in [f.path for f in caught.value.faults]


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(["yaml", "json", "jsonl", "csv", "tsv"]),
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=120).map(str.encode),
        st.lists(
            st.sampled_from(
                ["lines:", "\n", "  - ", "id: a", "text: ", '"', "{", "}", "[", "]", ",", ":", "*",
                 "id,character,text", "words", "prosody", "\t", "é", "|", "'", "\\", "emotion: "]
            ),
            max_size=30,
        ).map(lambda parts: "".join(parts).encode()),
    ),
)  # fmt: skip
def test_reader_never_raises(game: Any, suffix: str, content: bytes) -> None:
    for old in (game.root / "scenes").glob("*"):
        old.unlink()
    lines, faults = game.read({f"a.{suffix}": content})
    assert all(f.code and f.fix for f in faults)
    assert all(u.text for u in lines)


keys = ["id", "character", "text", "emotion", "delivery", "prosody", "words", "hints", "tags",
        "seed", "was", "source_hash", "notes", "scene", "locale", "x"]  # fmt: skip
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
nodes = st.recursive(
    leaves | st.sampled_from(["anna", "angry 0.5", "hi *there*", "shout", "de-DE"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["rate", "word", "name", "emphasis", "hi"]), inner)
    ),
    max_leaves=5,
)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.dictionaries(st.sampled_from(keys), nodes))
def test_any_json_line_is_an_utterance_or_faults(game: Any, line: dict[str, Any]) -> None:
    given_line = {"id": "one", "character": "anna", "text": "hi there", **line}
    lines, faults = game.read({"a.jsonl": '{"scene": "a"}\n' + json.dumps(given_line) + "\n"})
    errors = [f for f in faults if f.level.value == "error"]
    assert bool(lines) != bool(errors)
