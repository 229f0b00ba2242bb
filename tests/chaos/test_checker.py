"""Each rule of the checker complains about a run that breaks it, and about no other."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable

import pytest

from renderer.domain.object_key import object_key
from tests.chaos import checker
from tests.chaos.history import Expected, History, TakeRow

SOUNDS = {n: object_key(str(n) * 64, ".ogg") for n in (1, 2)}
PAPERS = {n: object_key(f"{n}f" * 32, ".json") for n in (1, 2)}
CHECKS = {"peak": "pass", "dnsmos_ovrl": "pass"}


def entry(number: int) -> dict[str, object]:
    sound, paper = SOUNDS[number], PAPERS[number]
    return {
        "line_id": f"line_{number}",
        "locale": "en-US",
        "character": "guard",
        "key": sound,
        "sha256": str(number) * 64,
        "size": 10,
        "duration_s": 1.0,
        "extension": ".ogg",
        "metadata_key": paper,
        "metadata_sha256": f"{number}f" * 32,
        "render_key": "c" * 64,
        "input_digest": "d" * 64,
        "voice": "ada",
        "publishable": True,
    }


def lock(*numbers: int) -> str:
    head = {"format": "barkline-voice-lock", "version": 1, "project": "tiny"}
    return json.dumps({**head, "entries": [entry(n) for n in numbers]})


def sound_run() -> History:
    """Two good lines and one that kills workers."""
    takes = {
        n: TakeRow(n, f"text {n}", "approved", 1, "", (SOUNDS[n],), SOUNDS[n], f"key {n}", CHECKS)
        for n in (1, 2)
    }
    takes[3] = TakeRow(3, "poison", "quarantined", 5, render_key="key 3")
    checks = frozenset(CHECKS)
    return History(
        accepted={(f"line_{n}", "en-US"): row.text for n, row in takes.items()},
        expected={
            "text 1": Expected("approved", SOUNDS[1], checks),
            "text 2": Expected("approved", SOUNDS[2], checks),
            "poison": Expected("quarantined"),
        },
        lines={(f"line_{n}", "en-US"): n for n in takes},
        takes=takes,
        finished=[(n, row.status) for n, row in takes.items()],
        objects={
            **{key: str(n) * 64 for n, key in SOUNDS.items()},
            **{key: f"{n}f" * 32 for n, key in PAPERS.items()},
        },
        locks=[lock(1), lock(1, 2)],
        renders={1: 1, 2: 2, 3: 5},
        hits={2: 1, 3: 5},
    )


def change(history: History, pk: int, **fields: object) -> None:
    history.takes[pk] = dataclasses.replace(history.takes[pk], **fields)  # type: ignore[arg-type]


def end(history: History, pk: int, status: str) -> None:
    """Let a take have ended otherwise, consistently."""
    change(history, pk, status=status)
    history.finished = [(n, row.status) for n, row in history.takes.items()]
    history.locks = [lock(1)]


def stop(history: History) -> None:
    history.is_over = False


def end_but_listed(history: History) -> None:
    end(history, 2, "quarantined")
    history.hits[2] = 5
    history.locks = [lock(1, 2), lock(1)]


DEFECTS: dict[str, tuple[str, Callable[[History], object]]] = {
    "it stands still": ("no_hand_is_needed", stop),
    "a line is lost": ("every_line_ends_once", lambda h: h.lines.pop(("line_3", "en-US"))),
    "a line is another's": (
        "every_line_ends_once",
        lambda h: h.lines.update({("line_3", "en-US"): 1}) or h.locks.append(lock(1, 2)),
    ),
    "a line is open": ("every_line_ends_once", lambda h: change(h, 3, status="pending")),
    "a finished take is held": ("every_line_ends_once", lambda h: change(h, 3, owner="me")),
    "a take ended twice": ("every_line_ends_once", lambda h: h.finished.append((1, "approved"))),
    "an end is not told": ("every_line_ends_once", lambda h: h.finished.pop()),
    "an end is told that is none": (
        "every_line_ends_once",
        lambda h: h.finished.append((1, "failed")),
    ),
    "a key has two takes": ("every_take_is_one", lambda h: change(h, 3, render_key="key 1")),
    "an object is not stored": (
        "no_row_without_its_object",
        lambda h: change(h, 1, keys=("objects/absent",)),
    ),
    "an object is damaged": (
        "every_object_is_whole",
        lambda h: h.objects.update({SOUNDS[1]: "0" * 64}),
    ),
    "a lock is half": ("the_lock_is_whole", lambda h: h.locks.insert(0, lock(1)[:-20])),
    "there is no lock": ("the_lock_is_whole", lambda h: h.locks.clear()),
    "a lock lacks a line": ("the_lock_is_whole", lambda h: h.locks.append(lock(1))),
    "a lock names what is not stored": (
        "the_lock_is_whole",
        lambda h: h.objects.pop(PAPERS[1]),
    ),
    "a lock names what is not approved": ("the_lock_is_whole", end_but_listed),
    "a take is rendered once too often": (
        "nothing_is_rendered_for_nothing",
        lambda h: h.renders.update({1: 2}),
    ),
    "something is owed": ("the_outbox_empties", lambda h: h.outbox.append(1)),
    "a take sounds otherwise": (
        "two_runs_give_the_same",
        lambda h: h.expected.update({"text 1": Expected("approved", "other", frozenset(CHECKS))}),
    ),
    "a take says what nobody wrote": (
        "two_runs_give_the_same",
        lambda h: h.expected.pop("poison"),
    ),
    "a metric is missing": (
        "approved_is_measured",
        lambda h: change(h, 1, checks={"peak": "pass"}),
    ),
    "a metric is in error": (
        "approved_is_measured",
        lambda h: change(h, 1, checks={"peak": "pass", "dnsmos_ovrl": "error"}),
    ),
    "poison is approved": ("poison_ends_alone", lambda h: end(h, 3, "failed")),
    "a neighbour is quarantined": ("poison_ends_alone", lambda h: end(h, 2, "quarantined")),
}


def test_a_sound_run_has_no_complaint() -> None:
    assert checker.check(sound_run()) == []


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found(defect: str) -> None:
    rule, plant = DEFECTS[defect]
    history = copy.deepcopy(sound_run())
    plant(history)
    broken = {text.partition(":")[0] for text in checker.check(history)}
    assert rule in broken


def test_every_rule_has_a_defect() -> None:
    assert {rule for rule, _ in DEFECTS.values()} == {rule.__name__ for rule in checker.RULES}


def test_an_innocent_take_may_be_given_up_only_when_workers_died_on_it() -> None:
    history = sound_run()
    end(history, 2, "quarantined")
    history.hits[2] = 5
    assert checker.check(history) == []
