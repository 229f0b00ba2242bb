"""Who may come in, and what a page on another site can not make a browser do."""

from __future__ import annotations

from typing import Any

import pytest

from renderer.errors import ConfigError
from renderer.web.app import MOST_RECORDING
from renderer.web.door import Door, read_tokens, tokens_asked
from renderer.web.guard import MOST_JSON
from tests.review.fakes import Studio

TOKEN = "a-token-nobody-guesses"


def decide(client: Any, *decisions: Any, **headers: str) -> Any:
    return client.post("/api/decisions", json={"decisions": decisions}, headers=headers)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "studio", "[::ffff"]
)
@pytest.mark.parametrize("path", ["/", "/api/lines", "/enter"])
def test_a_name_that_is_not_this_servers_is_refused(visit: Any, host: str, path: str) -> None:
    """DNS rebinding: another site's name that has come to mean 127.0.0.1."""
    answer = visit(enter=False).get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert "barkline review" in answer.json()["message"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:1", "[::1]:9", "127.0.0.2"])
def test_its_own_names_are_answered(visit: Any, host: str) -> None:
    assert visit(enter=False).get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/api/lines", "/api/line?locale=en-US&line_id=line_0002", "/audio/x.ogg", "/pictures/x.png",
     "/api/events", "/api/picture?take=" + "0" * 64, "/nothing"],
)  # fmt: skip
def test_nothing_is_told_without_a_session(visit: Any, path: str) -> None:
    answer = visit(enter=False).get(path)
    assert answer.status_code == 401
    assert answer.json()["code"] == "session"


def test_a_forged_session_is_none(visit: Any) -> None:
    client = visit(enter=False)
    own, other = Door("Ada"), Door("Mallory")
    for cookie in (other.open_session("Ada"), "a.b.c", "", "\u00fc", own.open_session("x") + "0"):
        client.cookies.set(other.cookie, cookie.encode("ascii", "ignore").decode())
        assert client.get("/api/lines").status_code == 401


def test_odd_cookies_of_other_servers_do_not_hide_ours(visit: Any) -> None:
    """Cookies do not tell ports apart: what another server on this machine set comes here, too."""
    client = visit()
    (name,) = client.cookies.keys()
    ours = f"{name}={client.cookies[name]}"
    client.cookies.clear()
    for odd in ('prefs={"a": 1, "b": [2]}', "a b=1", "x@y=1", "\u00e4=1", "=", ";;"):
        headers = {"Cookie": f"{odd}; {ours}".encode("latin-1")}
        assert client.get("/api/lines", headers=headers).status_code == 200, odd


def test_a_length_that_is_no_number_is_refused(visit: Any) -> None:
    headers = {"Content-Length": "\u00b2".encode("latin-1")}
    answer = visit().post("/api/decisions", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "size")


def test_the_session_cookie_stays_with_this_site_and_away_from_scripts(visit: Any) -> None:
    cookie = visit(enter=False).get("/").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_change_needs_the_word_of_the_page(visit: Any, asked: Any, studio: Studio) -> None:
    client = visit()
    word = client.headers.pop("X-Barkline-Word")
    for wrong in ({}, {"X-Barkline-Word": "0" * 64}, {"X-Barkline-Word": word[:-1]}):
        answer = decide(client, asked(), **wrong)
        assert (answer.status_code, answer.json()["code"]) == (403, "word")
    assert studio.review.made == []
    assert decide(client, asked(), **{"X-Barkline-Word": word}).status_code == 200


def test_the_word_of_another_session_does_not_do(visit: Any, asked: Any, studio: Studio) -> None:
    one, other = visit(), visit()
    one.headers["X-Barkline-Word"] = other.headers["X-Barkline-Word"]
    assert decide(one, asked()).status_code == 403
    assert studio.review.made == []


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:9999"},
     {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)  # fmt: skip
def test_a_change_from_another_site_is_refused(
    visit: Any, asked: Any, studio: Studio, headers: dict[str, str]
) -> None:
    answer = decide(visit(), asked(), **headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin")
    assert studio.review.made == []


def test_a_change_from_its_own_page_is_taken(visit: Any, asked: Any) -> None:
    own = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert decide(visit(), asked(), **own).status_code == 200


class TestToken:
    @pytest.fixture(autouse=True)
    def _asks(self, studio: Studio) -> None:
        tokens = {TOKEN: "", "the-token-of-mira": "Mira"}
        studio.door = Door("Ada", tokens, frozenset({"localhost", "studio"}), is_local=False)

    def test_the_page_asks_for_it(self, visit: Any) -> None:
        client = visit(enter=False)
        answer = client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/enter")
        assert "set-cookie" not in answer.headers
        page = client.get("/enter")
        assert 'type="password"' in page.text
        assert "<script" not in page.text

    @pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "ä" * 20])
    def test_a_wrong_one_lets_nobody_in(
        self, visit: Any, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("renderer.web.routes.WRONG_TOKEN_S", 0)
        client = visit(enter=False)
        answer = client.post("/enter", data={"token": token})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert client.get("/api/lines").status_code == 401

    @pytest.mark.parametrize(("token", "who"), [(TOKEN, "Ada"), ("the-token-of-mira", "Mira")])
    def test_the_right_one_says_who_decides(
        self, visit: Any, asked: Any, studio: Studio, token: str, who: str
    ) -> None:
        client = visit(enter=False)
        assert client.post("/enter", data={"token": token}).headers["location"] == "/"
        client.headers["X-Barkline-Word"] = client.get("/").text.split('"word":"')[1][:64]
        assert decide(client, asked()).status_code == 200
        assert [d.who for d in studio.review.made] == [who]

    def test_a_link_with_the_token_opens_the_page(self, visit: Any) -> None:
        client = visit(enter=False)
        assert client.get(f"/enter?token={TOKEN}").headers["location"] == "/"
        assert client.get("/").status_code == 200

    def test_a_token_from_another_site_opens_nothing(self, visit: Any) -> None:
        answer = visit(enter=False).post(
            "/enter", data={"token": TOKEN}, headers={"Origin": "http://evil.example"}
        )
        assert answer.status_code == 403

    @pytest.mark.parametrize("host", ["10.1.2.3:8000", "studio:8000", "[fe80::1]"])
    def test_addresses_and_its_own_name_are_answered(self, visit: Any, host: str) -> None:
        assert visit(enter=False).get("/enter", headers={"Host": host}).status_code == 200

    def test_another_name_is_not(self, visit: Any) -> None:
        assert visit(enter=False).get("/enter", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(("path", "most"), [("/api/decisions", MOST_JSON), ("/enter", MOST_JSON)])
def test_a_body_that_is_too_large_is_refused(visit: Any, path: str, most: int) -> None:
    answer = visit().post(path, content=b" " * (most + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "size")


def test_a_body_that_hides_its_length_is_refused_all_the_same(visit: Any, asked: Any) -> None:
    def endless() -> Any:
        for _ in range(MOST_RECORDING // (1 << 20) + 2):
            yield b"R" * (1 << 20)

    more = {k: v for k, v in asked(choice="replace").items() if v != ""}
    answer = visit().post("/api/recording", params=more, content=endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "size")


@pytest.mark.parametrize("path", ["/", "/api/lines", "/nothing", "/enter"])
def test_every_answer_carries_the_headers(visit: Any, path: str) -> None:
    headers = visit().get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


def test_nothing_describes_the_server_from_outside(visit: Any) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert visit().get(path).status_code == 404


@pytest.mark.parametrize(
    ("host", "names", "is_asked"),
    [
        ("127.0.0.1", (), False),
        ("127.0.0.1", ("localhost", "::1"), False),
        ("127.0.0.1", ("review.studio.example",), True),
        ("0.0.0.0", (), True),
        ("studio", ("localhost",), True),
    ],
)
def test_who_answers_to_another_machines_name_asks_for_a_token(
    host: str, names: tuple[str, ...], is_asked: bool
) -> None:
    """A proxy on this machine makes a loopback address reach the whole network."""
    tokens, made = tokens_asked("", host, names)
    assert (len(tokens) == 1, made in tokens) == (is_asked, is_asked)


BASE64 = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (BASE64, {BASE64: ""}),
        (f"Mira={BASE64}", {BASE64: "Mira"}),
        (f"Mira = {BASE64[:-2]}==", {f"{BASE64[:-2]}==": "Mira"}),
        (f"a=b={TOKEN}", {TOKEN: "a=b"}),
    ],
)
def test_a_token_of_base64_keeps_what_it_is_filled_up_with(
    line: str, found: dict[str, str]
) -> None:
    assert read_tokens(line) == found


@pytest.mark.parametrize(
    "line", ["Mira=", "Mira=short", "Mira=short==========", "Maximilian Mustermann=", "A=" * 20]
)
def test_a_name_without_a_token_is_none(line: str) -> None:
    """A name anybody knows must not become what lets people in."""
    with pytest.raises(ConfigError, match="fewer than 16"):
        read_tokens(line)


def test_a_token_that_was_given_is_nobody_elses_to_open_the_page_with() -> None:
    given = "Mira=the-token-of-mira\nAda=the-token-of-ada0"
    tokens, made = tokens_asked(given, "0.0.0.0", ())
    assert (sorted(tokens.values()), made) == (["Ada", "Mira"], "")
    assert tokens_asked(given, "127.0.0.1", ())[1] == ""
