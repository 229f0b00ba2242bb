from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from renderer.audio.codec import decode, encode
from renderer.audio.loudness import integrated_loudness_lufs
from renderer.audio.riff import PCM, wave_file
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.errors import InputError, JudgeError, TrainingError
from renderer.ports.judge import HeardWord, WordAlignment
from renderer.training import prepare as module
from renderer.training.corpus import TRAIN, VALID, Corpus
from renderer.training.metadata import Defaults
from renderer.training.prepare import Preparation, Rights, prepare
from renderer.training.sound import clip_samples

HOW = Preparation(Defaults("ann", "en-US"), Rights("CC0-1.0", True, "A fable.", "Ann"))


def listing(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_recordings_become_a_corpus(good_folder: Path, tmp_path: Path, transcriber) -> None:
    told: list[tuple[str, int, int]] = []
    out = tmp_path / "made" / "corpus"
    card = prepare(good_folder, out, HOW, transcriber, progress=lambda *a: told.append(a))
    corpus = Corpus.load(out)
    assert corpus == card.corpus
    assert [clip.faults for clip in corpus.clips] == [()] * 8
    assert listing(out) == ["audio", "clips.jsonl", "corpus.json", "qc.html", "qc.json"]
    assert listing(out.parent) == ["corpus"]
    assert told[-1] == ("writing", 8, 8)
    clip = corpus.clips[0]
    assert clip.phones[0] == clip.phones[-1] == "_"
    assert clip.language == "en"
    assert clip.text == "the gate is open now."
    assert clip.durations == ()
    ann = corpus.speakers["ann"]
    assert (ann.licence, ann.may_publish, ann.attribution) == ("CC0-1.0", True, "Ann")
    assert ann.f0_floor_hz < 150 < ann.f0_ceiling_hz
    assert len(clip_samples(corpus, clip)) == clip.frames * 256


def test_silence_is_trimmed_and_the_level_set(
    record: Callable[..., Path], spoken, tmp_path: Path, transcriber
) -> None:
    quiet = np.random.default_rng(0).normal(0, 1e-5, 3 * 22_050)
    texts = ["hello there old man", "well met on the road"]
    sounds = {
        f"{i}.wav": np.concatenate([quiet, 0.1 * spoken(text), quiet])
        for i, text in enumerate(texts)
    }
    folder = record(sounds, [f"{i}|{text}" for i, text in enumerate(texts)])
    corpus = prepare(folder, tmp_path / "out", HOW, transcriber).corpus
    for clip, text in zip(corpus.clips, texts, strict=True):
        samples = clip_samples(corpus, clip)
        assert samples.size / 22_050 < spoken(text).size / 22_050
        assert integrated_loudness_lufs(Waveform(samples, 22_050)) == pytest.approx(-23, abs=2)
        assert not np.abs(samples[:200]).max() > 0.01


def test_tight_cuts_get_a_little_silence(record, spoken, tmp_path: Path, transcriber) -> None:
    whole = spoken("a gate is open now")
    tight = whole[int(0.148 * 22_050) : -int(0.19 * 22_050)]
    folder = record({"a.wav": tight}, ["a|a gate is open now"])
    corpus = prepare(folder, tmp_path / "out", HOW, transcriber).corpus
    samples = clip_samples(corpus, corpus.clips[0])
    assert np.abs(samples[:300]).max() < 1e-3
    assert np.abs(samples[-300:]).max() < 1e-3


def test_loud_and_soft_lines_stay_loud_and_soft(
    record, spoken, tmp_path: Path, transcriber
) -> None:
    folder = record(
        {"loud.wav": spoken("hello there"), "soft.wav": 0.5 * spoken("hello again")},
        ["loud|hello there", "soft|hello again"],
    )
    corpus = prepare(folder, tmp_path / "out", HOW, transcriber).corpus
    levels = [
        integrated_loudness_lufs(Waveform(clip_samples(corpus, clip), 22_050))
        for clip in corpus.clips
    ]
    assert levels[0] - levels[1] > 4


def test_stereo_and_other_rates_are_converted(
    good_folder: Path, tmp_path: Path, transcriber, spoken
):
    import soundfile
    import soxr

    text = "the gate is open now"
    high = soxr.resample(spoken(text), 22_050, 48_000)
    soundfile.write(good_folder / "wavs" / "s0.wav", np.stack([high, high], axis=1), 48_000)
    corpus = prepare(good_folder, tmp_path / "out", HOW, transcriber).corpus
    clip = corpus.clips[0]
    assert clip.faults == ()
    assert clip.checks["source_rate_hz"] == 48_000
    assert clip.frames == pytest.approx(spoken(text).size / 256, abs=20)


def test_every_fault_of_every_file_is_told_at_once(
    good_folder: Path, tmp_path: Path, transcriber, spoken
) -> None:
    wavs = good_folder / "wavs"
    (wavs / "s0.wav").write_bytes(b"RIFF, but no more")
    slow = (spoken("who goes there tonight")[::3] * 2**14).astype("<i2")
    (wavs / "s1.wav").write_bytes(wave_file(slow.tobytes(), 8_000, PCM, 16))
    broken = Waveform(np.full(22_050, np.nan, np.float32), 22_050)
    from renderer.audio.codec import encode_raw

    (wavs / "s2.wav").write_bytes(encode_raw(broken))
    (wavs / "s3.wav").unlink()
    lines = (good_folder / "metadata.csv").read_text().splitlines()
    lines[4] = "s4|xyzzy"
    lines[5] = "s5|"
    (good_folder / "metadata.csv").write_text("\n".join([*lines, "s6|again", "../s7|out"]))
    with pytest.raises(InputError) as caught:
        prepare(good_folder, tmp_path / "made" / "out", HOW, transcriber)
    found = [(f.line, f.field, f.code) for f in caught.value.faults]
    assert found == [
        (1, "file", "bad-sound"),
        (2, "file", "bad-sound"),
        (3, "file", "bad-sound"),
        (4, "id", "missing-sound"),
        (5, "text", "unspeakable"),
        (6, "text", "empty-text"),
        (9, "id", "duplicate-id"),
        (10, "id", "bad-id"),
    ]
    assert "8000 Hz" in caught.value.faults[1].problem
    assert not (tmp_path / "made").exists()


def test_no_text_is_in_both_splits(record, spoken, tmp_path: Path, transcriber) -> None:
    words = ["gate", "road", "storm", "king", "wolf", "lamp"]
    lines, sounds = ["file|text|speaker"], {}
    for speaker, hz in (("ann", 220.0), ("bo", 110.0)):
        for word in words:
            text = f"here is the {word} again"
            sounds[f"{speaker}/{word}.wav"] = spoken(text, hz=hz)
            lines.append(f"{speaker}/{word}.wav|{text}{'!' if hz > 200 else '.'}|{speaker}")
    folder = record(sounds, lines)
    how = replace(HOW, valid_share=0.3)
    corpus = prepare(folder, tmp_path / "a", how, transcriber).corpus
    split = {name: {c.text.rstrip("!.") for c in corpus.usable(name)} for name in (TRAIN, VALID)}
    assert split[VALID]
    assert not split[TRAIN] & split[VALID]
    assert {c.speaker for c in corpus.usable(VALID)} == {"ann", "bo"}
    assert corpus.clips[0].id == "ann-gate"
    again = prepare(folder, tmp_path / "b", how, transcriber).corpus
    other = prepare(folder, tmp_path / "c", replace(how, seed=9), transcriber).corpus
    assert again.clips == corpus.clips
    assert [c.split for c in other.clips] != [c.split for c in corpus.clips]


def test_what_failed_is_kept_and_never_learnt(good_folder: Path, tmp_path, transcriber, spoken):
    text = "the gate is open now"
    loud = np.clip(8 * spoken(text), -1, 1)
    (good_folder / "wavs" / "s0.wav").write_bytes(encode(Waveform(loud, 22_050), "wav24"))
    card = prepare(good_folder, tmp_path / "out", HOW, transcriber)
    bad = card.corpus.clips[0]
    assert "clipping" in bad.faults
    assert bad not in card.corpus.usable(TRAIN)
    assert (tmp_path / "out" / bad.audio).is_file()
    told = json.loads((tmp_path / "out" / "qc.json").read_text())
    assert told["passed"] == 7
    assert told["failures"]["clipping"] == 1
    assert "clipping" in [f["check"] for f in told["findings"]["s0"] if f["outcome"] == "fail"]


class Recogniser:
    revision = "fake"

    def align(self, waveform: Waveform, transcript: Transcript) -> WordAlignment:
        if "lantern" in transcript.written:
            raise JudgeError("no words")
        words = tuple(HeardWord(0, 1, 0.9, True) for _ in transcript.words)
        return WordAlignment(0.9, words)

    def classes(self, waveform: Waveform) -> str:
        raise AssertionError


def test_an_alignment_that_failed_is_a_fault(good_folder, tmp_path: Path, transcriber) -> None:
    corpus = prepare(good_folder, tmp_path / "out", HOW, transcriber, Recogniser()).corpus
    assert {c.id: c.faults for c in corpus.clips if c.faults} == {"s2": ("words_fit",)}
    assert corpus.clips[0].checks["words_fit"] == 0.9
    assert corpus.clips[0].checks["words_found"] == 1.0


def test_other_languages_are_not_held_against_english_limits(
    good_folder, tmp_path: Path, transcriber
) -> None:
    how = replace(HOW, defaults=Defaults("ann", "de-AT"))
    corpus = prepare(good_folder, tmp_path / "out", how, transcriber, Recogniser()).corpus
    assert corpus.languages == ("de",)
    assert all("words_fit" not in c.checks and c.passed for c in corpus.clips)


def test_the_card_names_the_phones_that_are_rare(good_folder, tmp_path: Path, transcriber) -> None:
    how = replace(HOW, expected={"en": frozenset("azʒ"), "de": frozenset("ç")})
    (speaker,) = prepare(good_folder, tmp_path / "out", how, transcriber).speakers
    rare = speaker.rare["en"]
    assert rare["ʒ"] == 0
    assert "e" not in rare
    assert list(speaker.rare) == ["en"]


def test_a_corpus_is_only_replaced_knowingly(good_folder, tmp_path: Path, transcriber) -> None:
    out = tmp_path / "out"
    prepare(good_folder, out, HOW, transcriber)
    (out / "features").mkdir()
    with pytest.raises(TrainingError, match="holds a corpus already"):
        prepare(good_folder, out, HOW, transcriber)
    prepare(good_folder, out, HOW, transcriber, replaces=True)
    assert not (out / "features").exists()
    assert listing(tmp_path) == ["out", "recordings"]


def test_other_folders_are_never_replaced(good_folder, tmp_path: Path, transcriber) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "diary.txt").write_text("dear")
    for out in (tmp_path / "home", good_folder, tmp_path):
        with pytest.raises(TrainingError):
            prepare(good_folder, out, HOW, transcriber, replaces=True)
    assert (tmp_path / "home" / "diary.txt").read_text() == "dear"


def test_a_full_disk_leaves_the_old_corpus(good_folder, tmp_path, transcriber, monkeypatch) -> None:
    out = tmp_path / "out"
    prepare(good_folder, out, HOW, transcriber)
    before = (out / "clips.jsonl").read_bytes()
    calls = []

    def full(*_args: object) -> None:
        calls.append(1)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_sound", full)
    with pytest.raises(TrainingError, match="No space left"):
        prepare(good_folder, out, HOW, transcriber, replaces=True)
    assert (out / "clips.jsonl").read_bytes() == before
    assert listing(tmp_path) == ["out", "recordings"]


def test_an_interruption_leaves_nothing(good_folder, tmp_path: Path, transcriber) -> None:
    def stop(what: str, done: int, _total: int) -> None:
        if (what, done) == ("writing", 4):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(good_folder, tmp_path / "out", HOW, transcriber, progress=stop)
    assert listing(tmp_path) == ["recordings"]


def test_the_page_escapes_what_people_wrote(record, spoken, tmp_path: Path, transcriber) -> None:
    text = 'the gate <script>alert("hi")</script> is open & now'
    folder = record({"a.wav": spoken("the gate is open now")}, [f"a|{text}"])
    prepare(folder, tmp_path / "<b>out", HOW, transcriber)
    page = (tmp_path / "<b>out" / "qc.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<b>out" not in page
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"", page) == ["audio/a.flac"]
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_shows_the_worst_first(good_folder, tmp_path: Path, transcriber, spoken) -> None:
    loud = np.clip(8 * spoken("nobody told me that"), -1, 1)
    (good_folder / "wavs" / "s5.wav").write_bytes(encode(Waveform(loud, 22_050), "wav24"))
    prepare(good_folder, tmp_path / "out", HOW, transcriber)
    page = (tmp_path / "out" / "qc.html").read_text("utf-8")
    players = re.findall(r'src="audio/(s\d)\.flac"', page)
    assert players[0] == "s5"
    assert players[1:] == sorted(players[1:])
    assert page.count("<polygon") == 8


def test_a_sound_of_the_corpus_can_be_played(good_folder, tmp_path: Path, transcriber) -> None:
    prepare(good_folder, tmp_path / "out", HOW, transcriber)
    for path in (tmp_path / "out" / "audio").iterdir():
        sound = decode(path.read_bytes())
        assert sound.sample_rate == 22_050
        assert sound.samples.size % 256 == 0


@pytest.mark.reference
def test_real_recordings_are_prepared(reference_data, tmp_path: Path) -> None:
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber

    source = reference_data / "speech" / "ljspeech"
    folder = tmp_path / "recordings"
    folder.mkdir()
    lines = [
        line for line in (source / "metadata.csv").read_text().splitlines() if line.split("|")[1]
    ]
    for line in lines:
        shutil.copy(source / f"{line.split('|')[0]}.flac", folder)
    (folder / "metadata.csv").write_text("\n".join(lines), "utf-8")
    pytest.importorskip("pocketsphinx")
    from renderer.judges.recogniser import SphinxRecogniser

    text = EspeakTranscriber(Lexicon())
    card = prepare(folder, tmp_path / "out", HOW, text, SphinxRecogniser())
    assert card.failures == {}
    assert card.passed == len(lines) == 8
    assert 9 < card.speakers[0].phones_per_s < 16


@pytest.mark.reference
def test_texts_that_belong_to_other_recordings_are_found(reference_data, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    from renderer.judges.recogniser import SphinxRecogniser
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber

    source = reference_data / "speech" / "ljspeech"
    folder = tmp_path / "recordings"
    folder.mkdir()
    rows = [line.split("|") for line in (source / "metadata.csv").read_text().splitlines()]
    rows = [row for row in rows if row[1]][3:6]
    lines = []
    for (name, _), (_, text) in zip(rows, rows[1:] + rows[:1], strict=True):
        shutil.copy(source / f"{name}.flac", folder)
        lines.append(f"{name}|{text}")
    (folder / "metadata.csv").write_text("\n".join(lines), "utf-8")
    text = EspeakTranscriber(Lexicon())
    corpus = prepare(folder, tmp_path / "out", HOW, text, SphinxRecogniser()).corpus
    assert all("words_fit" in clip.faults for clip in corpus.clips)
