"""Cards on disk, and the book of voices."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from renderer.domain.voice import ENGINES, VoiceCard
from renderer.errors import InputError, UnknownVoiceError, VoiceError
from renderer.speech import fastpitch, formant, piper
from renderer.speech.card import read_card, write_card
from renderer.speech.voice_book import Voices

GOOD = VoiceCard(
    name="kristin",
    engine="piper",
    model_sha256="ab" * 32,
    languages=("en-US", "de"),
    speakers={"amy": 0, "kristin": 1},
    sample_rate=16_000,
    licence="CC-BY-4.0",
    may_publish=True,
    source="LibriVox, read by Kristin: public domain",
    attribution="Voice by …",
    consent_ref="contract 7",
    consent_expires=date(2030, 1, 31),
    batchable=False,
    has_durations=True,
)


def _write(folder, name, text):
    (folder / name).mkdir(parents=True, exist_ok=True)
    path = folder / name / "card.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_card_round_trips(tmp_path):
    """Every field is written and read."""
    folder = tmp_path / "kristin"
    folder.mkdir()
    read = read_card(write_card(GOOD, folder))
    assert read == VoiceCard(**{**_fields(GOOD), "folder": str(folder)})
    assert [p.name for p in folder.iterdir()] == ["card.yaml"]


def _fields(card):
    return {name: getattr(card, name) for name in VoiceCard.__slots__}


@given(st.text(max_size=60))
@example("\x85")
@example("a\u2028b")
def test_any_text_in_a_card_round_trips_or_is_a_fault(tmp_path_factory, text):
    """Text is data for YAML too."""
    folder = tmp_path_factory.mktemp("cards") / "v"
    folder.mkdir()
    card = VoiceCard("v", "piper", "0" * 64, source=text)
    path = write_card(card, folder)
    if text.replace("\n", " ").isprintable():
        assert read_card(path).source == text
    else:
        with pytest.raises(InputError):
            read_card(path)


def test_all_faults_of_all_cards_at_once(tmp_path):
    """Each with its file, line, field and a fix."""
    _write(
        tmp_path,
        "one",
        "name: one\nengine: piper\nmodel_sha256: nope\nlicense: MIT\nsample_rate: fast\n",
    )
    _write(
        tmp_path, "two", f"name: three\nname: two\nmodel_sha256: {'0' * 64}\nmay_publish: true\n"
    )
    with pytest.raises(InputError) as caught:
        Voices([tmp_path]).cards()
    found = {(f.path.split("/")[-2], f.line, f.field, f.code) for f in caught.value.faults}
    assert found == {
        ("one", 3, "model_sha256", "bad-value"),
        ("one", 4, "license", "unknown-field"),
        ("one", 5, "sample_rate", "bad-value"),
        ("two", 2, "name", "duplicate-key"),
        ("two", 0, "engine", "missing-field"),
        ("two", 4, "may_publish", "no-licence"),
    }
    assert any("licence" in f.fix for f in caught.value.faults)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a",
        "name: [",
        "name: !!python/object/apply:os.system [echo]",
        "name: *unknown",
        "\x00",
        "speakers: {a: 1e9}",
        "consent_expires: 2030-01-01 10:00:00",
        "may_publish: yes please",
        "name: {" * 3000,
    ],
)
def test_broken_cards_are_faults(tmp_path, text):
    """Whatever the file holds, the answer is a fault."""
    _write(tmp_path, "v", text)
    with pytest.raises(InputError) as caught:
        Voices([tmp_path]).cards()
    assert caught.value.faults


def test_json_cards_are_read(tmp_path):
    """`card.json` as well."""
    folder = tmp_path / "v"
    folder.mkdir()
    (folder / "card.json").write_text(
        f'{{"name": "v", "engine": "piper", "model_sha256": "{"0" * 64}"}}'
    )
    assert Voices([tmp_path]).card("v").may_publish is False


def test_the_first_folder_wins_and_formant_is_always_there(tmp_path):
    """A project's own voice shadows a shipped one; missing folders are no fault."""
    for name, licence in (("a", "MIT"), ("b", "GPL-3.0")):
        _write(
            tmp_path / name,
            "v",
            f"name: v\nengine: piper\nmodel_sha256: {'0' * 64}\nlicence: {licence}\n",
        )
    book = Voices([tmp_path / "a", tmp_path / "missing", tmp_path / "b"])
    assert book.card("v").licence == "MIT"
    assert list(book.cards()) == ["formant", "v"]
    assert list(Voices([]).cards()) == ["formant"]


def test_unknown_voices_and_engines_say_what_there_is(tmp_path):
    """With near names."""
    _write(tmp_path, "v", f"name: v\nengine: orchestra\nmodel_sha256: {'0' * 64}\n")
    book = Voices([tmp_path])
    with pytest.raises(UnknownVoiceError, match="formant"):
        book.card("formnt")
    with pytest.raises(VoiceError, match="orchestra"):
        book.open("v")


def test_limits_may_be_set_for_every_engine_there_is():
    assert {fastpitch.NAME, formant.NAME, piper.NAME} == set(ENGINES)


def test_the_formant_voice_is_publishable_and_pinned_to_its_espeak():
    """Its card is honest about program and sound."""
    book = Voices([])
    card = book.card("formant")
    assert card.why_unpublishable(date(2030, 1, 1)) == ""
    assert card.licence == "GPL-3.0-or-later"
    assert len(card.model_sha256) == 64
    assert "espeak-ng/1." in book.engine_revision("formant")
    assert {"f2", "m3", "croak", "Mr_serious"} <= set(card.speakers)
    assert book.open("formant") is book.open("formant")


def test_cards_are_read_without_onnxruntime():
    """`plan` and `check` stay light."""
    code = (
        "import sys; from renderer.speech.voice_book import Voices; Voices([]).cards(); "
        "Voices([]).engine_revision('formant'); "
        "assert not {'onnxruntime', 'scipy', 'torch', 'phonemizer'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
