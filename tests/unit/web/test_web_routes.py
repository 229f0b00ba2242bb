"""What the page is told, and what it hands in."""

from __future__ import annotations

from typing import Any

import pytest

from renderer.errors import DatabaseError
from tests.review.fakes import HOSTILE, Studio, many_lines, voice, wav

HALT = {"locale": "en-US", "line_id": "line_0002"}


def decide(client: Any, *decisions: Any) -> Any:
    return client.post("/api/decisions", json={"decisions": decisions})


def reception(answer: Any) -> list[tuple[str, str]]:
    return [(one["reception"], one["message"]) for one in answer.json()["reviewed"]]


def test_rows_come_with_what_needs_a_person_first(visit: Any) -> None:
    told = visit().get("/api/lines").json()
    assert told["total"] == 8
    assert [row[1] for row in told["rows"]][:4] == [
        "line_0002", "line_0003", "line_0007", "line_0005",
    ]  # fmt: skip
    assert told["tables"]["groups"] == ["rejected", "failed", "pending", "approved"]


def test_rows_come_in_pages(tmp_path: Any, visit: Any, studio: Studio) -> None:
    big = Studio(tmp_path / "big", many_lines(2_500))
    studio.reviewing = big.reviewing
    client = visit()
    pages = [client.get("/api/lines", params={"start": s}).json() for s in (0, 2_000, 2_500)]
    assert [len(page["rows"]) for page in pages] == [2_000, 500, 0]
    assert len({row[1] for page in pages for row in page["rows"]}) == 2_500
    assert pages[1]["tables"] == pages[0]["tables"]


def test_a_line_has_all_a_listener_needs(visit: Any, asked: Any, studio: Studio) -> None:
    client = visit()
    decide(client, asked())
    told = client.get("/api/line", params=HALT).json()
    assert told["take"]["picture"] == {"later": told["take"]["key"]}
    assert told["take"]["words"][0][0] == "Halt!"
    assert told["previous"]["text"] == "Halt. Who is there?"
    assert [one["number"] for one in told["take"]["tried"]] == [1, 2]
    assert told["direction"]["prosody"] == {"rate": 1.1, "pitch_st": 2.0}
    assert [(d["choice"], d["who"], d["note"]) for d in told["history"]] == [
        ("waive", "Ada", "meant to")
    ]
    assert told["decided"] == 1


def test_the_take_before_a_retake_can_still_be_heard(
    visit: Any, asked: Any, studio: Studio
) -> None:
    client = visit()
    before = studio.lines["line_0002", "en-US"].take.render_key
    decide(client, asked(choice="retake", change={"seed": 2}))
    assert studio.renders.asked == [("line_0002", "en-US")]
    studio.arrive(("line_0002", "en-US"))
    told = client.get("/api/line", params=HALT).json()
    assert told["take"]["key"] != before
    assert [one["key"] for one in told["others"]] == [before]
    assert client.get("/api/picture", params={"take": before}).json()["duration"] == 2.0


def test_a_picture_is_drawn_once_and_its_png_served(visit: Any, studio: Studio) -> None:
    client = visit()
    drawn: list[str] = []
    real = studio.store.draw
    studio.reviewing._sources.gallery._draw = lambda take: (
        drawn.append(take.render_key) or real(take)
    )  # type: ignore[func-returns-value]
    key = studio.lines["line_0002", "en-US"].take.render_key
    told = [client.get("/api/picture", params={"take": key}).json() for _ in range(2)]
    assert told[0] == told[1]
    assert drawn == [key]
    assert max(told[0]["f0"]) > 100
    png = client.get("/" + told[0]["png"])
    assert png.content.startswith(b"\x89PNG")
    assert "immutable" in png.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    ["/audio/..%2f..%2fetc%2fpasswd", "/audio/%2e%2e/%2e%2e/etc/passwd", "/audio/" + "0" * 64,
     "/audio/" + "0" * 64 + ".json", "/audio/" + "0" * 64 + ".ogg", "/audio/" + "A" * 64 + ".ogg",
     "/audio//etc/passwd", "/pictures/..%2f..%2fsecret.png", "/pictures/" + "0" * 32 + ".png",
     "/pictures/x.png", "/pictures/" + "0" * 32 + ".json", "/audio/" + "0" * 64 + ".ogg%00"],
)  # fmt: skip
def test_no_path_leads_out_of_the_store(visit: Any, path: str) -> None:
    answer = visit().get(path)
    assert answer.status_code == 404
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("asked_range", "status", "part"),
    [("", 200, slice(None)), ("bytes=0-", 206, slice(0, None)), ("bytes=10-19", 206, slice(10, 20)),
     ("bytes=-5", 206, slice(-5, None)), ("bytes=0-999999999", 206, slice(0, None)),
     ("bytes=3-2", 200, slice(None)), ("lines=1-2", 200, slice(None)),
     ("bytes=0-1,4-5", 200, slice(None))],
)  # fmt: skip
def test_sounds_come_in_parts(
    visit: Any, studio: Studio, asked_range: str, status: int, part: slice
) -> None:
    audio = studio.lines["line_0002", "en-US"].take.audio
    whole = studio.store.get(audio)
    answer = visit().get("/" + audio, headers={"Range": asked_range} if asked_range else {})
    assert (answer.status_code, answer.content) == (status, whole[part])
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "audio/ogg"


def test_a_part_beyond_the_end_is_refused(visit: Any, studio: Studio) -> None:
    audio = studio.lines["line_0002", "en-US"].take.audio
    assert visit().get("/" + audio, headers={"Range": "bytes=99999999-"}).status_code == 416


def test_who_decides_and_when_is_not_the_pages_to_say(
    visit: Any, asked: Any, studio: Studio
) -> None:
    client = visit()
    assert decide(client, {**asked(), "who": "Mallory"}).status_code == 422
    assert reception(decide(client, asked())) == [("recorded", "")]
    [made] = studio.review.made
    assert (made.who, made.at) == ("Ada", studio.clock.at)


def test_two_who_decide_at_once_do_not_overwrite_each_other(
    visit: Any, asked: Any, studio: Studio
) -> None:
    one, other = asked(choice="waive", note="it is meant"), asked(choice="return", note="rewrite")
    client = visit()
    assert reception(decide(client, one)) == [("recorded", "")]
    [(what, message)] = reception(decide(visit(), other))
    assert what == "conflict"
    assert message == "Ada waived it on 2026-05-04 09:30 UTC (it is meant)"
    assert [d.choice.value for d in studio.review.made] == ["waive"]


def test_a_conflict_that_the_service_raises_is_a_409_that_names_the_line(
    visit: Any, asked: Any, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renderer.errors import ReviewConflictError

    def quicker(*_: object, **__: object) -> None:
        raise ReviewConflictError(
            "Mira waived it first.", [("line_0002", "en-US", "Mira waived it")]
        )

    monkeypatch.setattr(studio.review, "decide", quicker)
    answer = decide(visit(), asked())
    assert (answer.status_code, answer.json()["message"]) == (409, "Mira waived it first.")
    assert answer.json()["lines"] == [["line_0002", "en-US", "Mira waived it"]]


def test_many_lines_at_once_and_each_has_its_answer(visit: Any, asked: Any) -> None:
    several = [asked("line_0002"), asked("line_0003"), asked("line_0000", "waive")]
    told = reception(decide(visit(), *several))
    assert [what for what, _ in told] == ["recorded", "recorded", "refused"]
    assert "approve it" in told[2][1]


def test_an_undo_is_a_decision_too(visit: Any, asked: Any, studio: Studio) -> None:
    client = visit()
    first = asked()
    decide(client, first)
    undo = asked(note="", undoes=first["id"])
    assert reception(decide(client, undo)) == [("recorded", "")]
    told = client.get("/api/line", params=HALT).json()
    assert (told["decision"], told["decided"]) == (None, 2)
    assert [d["undoes"] for d in told["history"]] == ["", first["id"]]


@pytest.mark.parametrize(
    "wrong",
    [{"choice": "delete"}, {"id": "x"}, {"render_key": "../../etc"}, {"note": "x" * 2_001},
     {"line_id": ""}, {"decided": -1}, {"change": {str(i): 1 for i in range(11)}},
     {"undoes": "x"}, {"more": 1}],
)  # fmt: skip
def test_odd_decisions_are_refused_in_words(
    visit: Any, asked: Any, studio: Studio, wrong: dict[str, Any]
) -> None:
    answer = decide(visit(), {**asked(), **wrong})
    assert answer.status_code == 422
    assert answer.json()["message"]
    assert answer.json()["faults"]
    assert studio.review.made == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"decisions":[]}', b"\xff\xfe", b"[" * 5_000])
def test_what_is_no_json_is_refused(visit: Any, body: bytes) -> None:
    answer = visit().post(
        "/api/decisions", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert answer.json()["message"]


def upload(client: Any, asked: Any, data: bytes, **more: Any) -> Any:
    params = {k: v for k, v in asked(choice="replace", **more).items() if v != ""}
    return client.post("/api/recording", params=params, content=data)


def test_a_recording_replaces_a_take_and_is_rendered(
    visit: Any, asked: Any, studio: Studio
) -> None:
    data = wav(voice(0.5))
    answer = upload(visit(), asked, data, note="Mira, studio B")
    assert reception(answer) == [("recorded", "")]
    assert studio.review.recordings == [data]
    assert studio.review.made[0].note == "Mira, studio B"
    assert studio.renders.asked == [("line_0002", "en-US")]


@pytest.mark.parametrize("data", [b"", b"<script>alert(1)</script>", b"\x00" * 100, b"MZ\x90"])
def test_what_is_no_sound_is_refused(visit: Any, asked: Any, studio: Studio, data: bytes) -> None:
    answer = upload(visit(), asked, data)
    assert (answer.status_code, answer.json()["code"]) == (422, "no-sound")
    assert "WAV" in answer.json()["message"]
    assert studio.review.made == []


def test_a_recording_is_no_way_round_to_another_decision(
    visit: Any, asked: Any, studio: Studio
) -> None:
    params = {k: v for k, v in asked(choice="waive").items() if v != ""}
    answer = visit().post("/api/recording", params=params, content=wav(voice(0.5)))
    assert answer.status_code == 422
    assert studio.review.made == []


@pytest.mark.parametrize("change", [{}, {"recording": f"objects/ab/{'ab' * 32}.wav"}])
def test_only_an_upload_replaces_a_take(
    visit: Any, asked: Any, studio: Studio, change: dict[str, str]
) -> None:
    """Else anybody could have a project's folder hold any object of the store."""
    answer = decide(visit(), asked(), asked(choice="replace", change=change))
    assert (answer.status_code, answer.json()["code"]) == (422, "input")
    assert studio.review.made == []


def test_hostile_text_is_data(visit: Any, studio: Studio) -> None:
    client = visit()
    page = client.get("/")
    assert page.text.count("<script") == 2
    assert "window.hacked=1</script>" not in page.text
    told = client.get("/api/line", params={"locale": "en-US", "line_id": "line_0003"})
    assert told.headers["content-type"] == "application/json"
    rows = client.get("/api/lines").json()["rows"]
    assert HOSTILE in [row[2] for row in rows]


def test_what_was_decided_is_rendered_even_when_the_pages_cannot_be_told(
    visit: Any, asked: Any, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_keys: object) -> None:
        raise DatabaseError("the database is away")

    client = visit()
    monkeypatch.setattr(studio.board, "refresh", away)
    assert decide(client, asked(choice="retake", change={"seed": 7})).status_code == 503
    assert studio.renders.asked == [("line_0002", "en-US")]


def test_a_database_that_is_away_is_said(
    visit: Any, asked: Any, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseError("the database is locked; try again.")

    monkeypatch.setattr(studio.review, "decide", away)
    answer = decide(visit(), asked())
    assert (answer.status_code, answer.json()["code"]) == (503, "database")
    assert "try again" in answer.json()["message"]


def test_a_fault_of_ours_tells_no_secrets(
    visit: Any, asked: Any, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("postgresql://user:secret@host")

    monkeypatch.setattr(studio.review, "decide", broken)
    answer = decide(visit(), asked())
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_line_that_is_gone_is_said(visit: Any) -> None:
    answer = visit().get("/api/line", params={"locale": "xx", "line_id": "../x"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-line")
