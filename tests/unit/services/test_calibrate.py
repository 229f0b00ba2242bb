"""Limits from what approved takes measure: which takes count, what is refused, what is written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from renderer.domain.direction import Delivery, Direction
from renderer.domain.take import TakeStatus
from renderer.quality.circumstances import Circumstances
from renderer.quality.limit_file import read_limits
from renderer.quality.limits import GateLimits, Limits, merge
from renderer.quality.metrics import Metrics
from renderer.services.calibrate import calibrate
from renderer.services.scope import Scope

LIMITS = GateLimits(
    {"most_click_db": 28.0, "least_dnsmos_ovrl": 2.4, "most_head_db": None},
    short_words=2,
    short_s=1.0,
)


def measured(click_db: float, **more: Any) -> Metrics:
    asked = {"voice": "hearth#ida", "locale": "de-DE", "delivery": "normal", "word_count": 6}
    line = {**asked, **{k: more.pop(k) for k in list(more) if k in asked}}
    circumstances = Circumstances(
        "piper",
        phone_count=30,
        rate=1.0,
        ceiling_dbtp=-1.0,
        longest_pause_s=0.0,
        has_inner_punctuation=False,
        expected_lufs=None,
        **line,
    )
    return Metrics(circumstances, sound_s=2.0, click_db=click_db, **more)


class Shelf:
    """A transaction that holds approved takes alone."""

    def __init__(self, *metrics: Metrics) -> None:
        self._takes = {
            pk: SimpleNamespace(result=SimpleNamespace(metrics=m.plain()))
            for pk, m in enumerate(metrics)
        }
        self.lines = self.takes = self

    def iterate(self, statuses: Any) -> list[Any]:
        assert statuses == (TakeStatus.APPROVED,)
        said = SimpleNamespace(scene="s", line_id="l", locale="de-DE", character="c")
        return [SimpleNamespace(take_id=pk, utterance=said) for pk in [*self._takes, *self._takes]]

    def get(self, ids: list[int]) -> list[Any]:
        return [self._takes[pk] for pk in ids]


def proposed(*metrics: Metrics, voices: tuple[str, ...] = (), limits: GateLimits = LIMITS) -> Any:
    return calibrate(Shelf(*metrics), limits, Scope(), voices)


def with_tables(**tables: Any) -> GateLimits:
    return merge(LIMITS, GateLimits(tables=tables))


def held(limits: GateLimits, locale: str, voice: str = "hearth#ida") -> Limits:
    return limits.limits_for(
        engine="piper", locale=locale, voice=voice, delivery="normal", is_short=False
    )


STEADY = [measured(12.0 + i / 10, dnsmos_ovrl=3.0 + i / 100) for i in range(40)]


def test_a_voice_with_takes_enough_gets_limits_of_its_own():
    found = proposed(*STEADY)
    assert {(p.row, p.limit, p.takes, p.current) for p in found.proposals} == {
        ("hearth#ida@de-DE", "most_click_db", 40, 28.0),
        ("hearth#ida@de-DE", "least_dnsmos_ovrl", 40, 2.4),
    }
    by_limit = {p.limit: p.proposed for p in found.proposals}
    assert 15.9 < by_limit["most_click_db"] < 28.0
    assert 2.4 < by_limit["least_dnsmos_ovrl"] < 3.0
    assert (found.rows, found.refused) == (1, {})


def test_too_few_takes_are_refused_and_counted_once():
    found = proposed(*STEADY[:29])
    assert (found.proposals, found.rows) == ((), 0)
    assert found.refused == {"hearth#ida@de-DE": 29}


@pytest.mark.parametrize("odd", [{"word_count": 2}, {"delivery": "whisper"}, {"voice": "amy"}])
def test_short_lines_other_deliveries_and_other_voices_do_not_count(odd):
    strange = [measured(90.0, **odd) for _ in range(20)]
    found = proposed(*STEADY, *strange)
    assert {p.row: p.takes for p in found.proposals} == {"hearth#ida@de-DE": 40}
    assert held(found.over(LIMITS), "de-DE").most_click_db < 28.0


def test_a_voice_of_several_locales_gets_a_row_for_each_with_takes_enough():
    french = [measured(20.0 + i / 10, locale="fr-FR") for i in range(35)]
    english = [measured(20.0, locale="en-US")]
    found = proposed(*STEADY, *french, *english, voices=("hearth#*",))
    assert {p.row for p in found.proposals} == {
        "hearth#ida",
        "hearth#ida@de-DE",
        "hearth#ida@fr-FR",
    }
    assert found.refused == {"hearth#ida@en-US": 1}
    assert proposed(*STEADY, voices=("amy*",)).rows == 0


@pytest.mark.parametrize(
    "tables",
    [
        {"locales": {"de": {"most_click_db": 18.0}}},
        {"locales": {"de-DE": {"most_click_db": 18.0}}},
        {"voices": {"hearth@de": {"most_click_db": 18.0}}},
        {"voices": {"hearth#ida@de-DE": {"most_click_db": 18.0}}},
    ],
)
def test_a_voice_of_one_locale_goes_by_what_holds_there(tables):
    limits = with_tables(**tables)
    found = proposed(*STEADY, limits=limits)
    by_limit = {p.limit: p for p in found.proposals}
    assert by_limit["most_click_db"].current == 18.0
    now = held(found.over(limits), "de-DE")
    assert now.most_click_db == by_limit["most_click_db"].proposed < 18.0
    assert held(found.over(limits), "fr-FR") == held(limits, "fr-FR"), "other locales stay"


def test_a_limit_that_is_off_in_the_voices_locale_stays_off():
    limits = with_tables(locales={"de": {"most_click_db": None}})
    found = proposed(*STEADY, limits=limits)
    assert {p.limit for p in found.proposals} == {"least_dnsmos_ovrl"}
    assert held(found.over(limits), "de-DE").most_click_db is None


def test_a_limit_that_is_on_in_the_voices_locale_alone_is_proposed():
    limits = with_tables(locales={"de": {"most_head_db": -20.0}})
    quiet = [measured(12.0 + i / 10, head_db=-40.0 - i / 10) for i in range(40)]
    found = proposed(*quiet, limits=limits)
    assert ("most_head_db", -20.0) in {(p.limit, p.current) for p in found.proposals}


FRENCH = [measured(20.0 + i / 10, locale="fr-FR", dnsmos_ovrl=3.0 + i / 100) for i in range(40)]


@pytest.mark.parametrize(
    "tables",
    [
        {"locales": {"de": {"most_click_db": 18.0}}},
        {"voices": {"hearth@de-DE": {"most_click_db": 18.0}}},
        {"voices": {"hearth#ida@de": {"most_click_db": 18.0}}},
    ],
)
def test_what_a_locale_decides_is_no_matter_of_a_voices_row_for_all(tables):
    limits = with_tables(**tables)
    found = proposed(*STEADY, *FRENCH, limits=limits)
    of_row = {row: {} for row in ("hearth#ida", "hearth#ida@de-DE", "hearth#ida@fr-FR")}
    for one in found.proposals:
        of_row[one.row][one.limit] = one.current
    assert of_row["hearth#ida"] == {"least_dnsmos_ovrl": 2.4}
    assert of_row["hearth#ida@de-DE"]["most_click_db"] == 18.0
    assert of_row["hearth#ida@fr-FR"]["most_click_db"] == 28.0


def test_what_a_delivery_decides_would_shadow_a_voice_and_is_not_proposed():
    limits = with_tables(deliveries={"normal": {"most_click_db": 23.0}})
    found = proposed(*STEADY, *FRENCH, limits=limits)
    assert {p.limit for p in found.proposals} == {"least_dnsmos_ovrl"}


def test_every_proposal_is_what_holds_once_it_is_laid_in():
    limits = with_tables(
        locales={"fr": {"least_dnsmos_ovrl": 2.0}}, voices={"hearth@de": {"most_click_db": 19.0}}
    )
    found = proposed(*STEADY, *FRENCH, limits=limits)
    over = found.over(limits)
    assert found.proposals
    for one in found.proposals:
        _, _, at = one.row.partition("@")
        assert getattr(held(over, at or "ca-ES"), one.limit) == one.proposed


def test_what_is_written_is_a_limits_file(tmp_path: Path):
    found = proposed(*STEADY, *(measured(20.0, locale="fr-FR") for _ in range(35)))
    path = tmp_path / "gate.yaml"
    path.write_text(found.fragment(), encoding="utf-8")
    assert read_limits(path).tables["voices"] == found.limits.tables["voices"]
    assert "40 takes; was 28.0" in found.fragment()


def test_only_approved_lines_in_scope_count(studio: Any):
    assert Direction().delivery is Delivery.NORMAL
    with studio.unit() as unit:
        assert calibrate(unit, LIMITS, Scope()).rows == 0
