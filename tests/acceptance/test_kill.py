"""Killed at any step of the walk and started again: nothing is lost and nothing is doubled."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from renderer.domain.object_key import content_hash, sha256_hex
from renderer.services.failpoint import WALK_STEPS

SCENE = """\
scene: gate
locale: en-US
lines:
  - {id: halt, character: guard, text: "Halt, who goes there?"}
  - {id: stay, character: guard, text: "Stay where you are, stranger."}
  - {id: road, character: guard, text: "The road to Vhar is closed."}
"""
# Three takes in batches of two: the second passage of a step is another take or another batch.
PER_TAKE = ("kept", "finishing", "finished")
PER_BATCH = ("judged",)
CASES = [
    *(f"{step}:1" for step in WALK_STEPS),
    *(f"{step}:2" for step in PER_BATCH),
    *(f"{step}:3" for step in PER_TAKE),
]
ENV = {"BARKLINE_BATCH": "2", "BARKLINE_WORKERS": "1", "BARKLINE_THREADS": "1"}
SIGKILLED = -getattr(signal, "SIGKILL", signal.SIGTERM)


def three_lines(new_game: Callable[[], Any]) -> Any:
    game = new_game()
    for name in ("scenes/road.yaml", "scenes/de-DE/gate.yaml", "scenes/fr-FR/gate.yaml"):
        (game.project / name).unlink()
    game.write("scenes/gate.yaml", SCENE)
    game.env |= ENV
    return game


@pytest.fixture(scope="module")
def uninterrupted(new_game: Callable[[], Any]) -> Any:
    game = three_lines(new_game)
    assert game.takes() == {"approved": 3}
    assert game.publish().code == 0
    return game


@pytest.fixture(scope="module")
def killed(new_game: Callable[[], Any]) -> Iterator[dict[str, Future[Any]]]:
    """A game per case whose first render was killed there; two are killed at a time."""

    def kill(game: Any, case: str) -> Any:
        process = game.spawn("render", "--no-report", BARKLINE_FAILPOINT=case)
        _, err = process.communicate(timeout=120)
        assert process.returncode == SIGKILLED, f"{case} was not reached: {err}"
        return game

    games = {case: three_lines(new_game) for case in CASES}
    with ThreadPoolExecutor(2) as pool:
        yield {case: pool.submit(kill, game, case) for case, game in games.items()}


def assert_whole(game: Any, uninterrupted: Any) -> None:
    """Everything is there once, and everything that is there is whole."""
    assert game.publish().code == 0
    assert game.lock_path.read_bytes() == uninterrupted.lock_path.read_bytes()
    assert not list(game.build.glob(".voice.lock*"))
    takes = game.sql("SELECT id, render_key, status, owner, raw_key FROM take ORDER BY id")
    assert len(takes) == len({key for _, key, *_ in takes}) == 3
    assert {(status, owner) for _, _, status, owner, _ in takes} == {("approved", "")}
    assert game.sql("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)]
    assert game.sql("SELECT count(*) FROM line WHERE is_orphaned = 0") == [(3,)]
    assert game.sql("SELECT count(*) FROM line_take") == [(3,)]
    finished = game.sql("SELECT payload FROM event WHERE kind = 'take_finished'")
    assert len(finished) == len(set(finished)) == 3
    store = game.build / "store"
    keys = {path.relative_to(store).as_posix() for path in game.objects()}
    for key in keys:
        assert content_hash(key) == sha256_hex((store / key).read_bytes())
    entries = game.lock().entries
    assert {e.key for e in entries} | {e.metadata_key for e in entries} <= keys
    assert {raw for *_, raw in takes} <= keys
    assert keys == {
        path.relative_to(uninterrupted.build / "store").as_posix()
        for path in uninterrupted.objects()
    }


@pytest.mark.parametrize("case", CASES)
def test_killed_there_and_started_again(
    case: str, killed: dict[str, Future[Any]], uninterrupted: Any
) -> None:
    game = killed[case].result(timeout=240)
    assert not game.lock_path.exists()

    done = game.render()

    assert done.code == 0, done.err
    assert game.plan() == {}
    assert_whole(game, uninterrupted)
    assert game.takes() == {}


def test_killed_again_and_again(new_game: Callable[[], Any], uninterrupted: Any) -> None:
    game = three_lines(new_game)
    for case in ("published:1", "judged:1", "finishing:2"):
        process = game.spawn("render", "--no-report", BARKLINE_FAILPOINT=case)
        process.communicate(timeout=120)
        assert process.returncode == SIGKILLED

    assert game.render().code == 0
    assert_whole(game, uninterrupted)


def approved(game: Any) -> int:
    if not game.database.is_file():
        return 0
    try:
        [(number,)] = game.sql("SELECT count(*) FROM take WHERE status = 'approved'")
    except Exception:  # the tables are just being made
        return 0
    return int(number)


def test_interrupted_by_hand_while_another_render_waits(
    new_game: Callable[[], Any], rendered: Any
) -> None:
    game = new_game()
    process = game.spawn("render", "--no-report", BARKLINE_BATCH="1")
    try:
        until = time.monotonic() + 120
        while approved(game) < 1 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGSTOP)  # or it may be done before the second has begun
        second = game.render()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert second.code == 78
    assert "another barkline renders into" in second.err
    assert process.returncode == 130, (out, err)
    assert "run the same command again" in err
    assert "Traceback" not in err
    assert game.sql("SELECT count(*) FROM take WHERE status = 'leased'") == [(0,)]

    assert game.takes()["approved"] >= 1
    assert game.takes() == {}
    assert game.publish().code == 0
    assert game.lock_path.read_bytes() == rendered.lock_path.read_bytes()


def test_an_unknown_failpoint_is_refused(new_game: Callable[[], Any]) -> None:
    game = three_lines(new_game)
    game.env["BARKLINE_FAILPOINT"] = "nowhere:1"
    done = game.render()
    assert done.code == 78
    assert "nowhere" in done.err
