from __future__ import annotations

from renderer.domain.verdict import Finding, Outcome
from renderer.report.tally import flags_of, group_of, order, overview


def test_rejected_lines_come_first_and_manifest_order_stays_within(make_line) -> None:
    statuses = ["approved", "pending", "rejected", None, "failed", "approved", "rejected"]
    lines = [make_line(f"l{i}", status) for i, status in enumerate(statuses)]
    assert [line.utterance.line_id for line in order(lines)] == [
        "l2", "l6", "l4", "l1", "l3", "l0", "l5",
    ]  # fmt: skip


def test_approved_lines_that_cannot_ship_come_before_those_that_can(make_line) -> None:
    lines = [make_line("fine"), make_line("stale", is_stale_translation=True)]
    assert [line.utterance.line_id for line in order(lines)] == ["stale", "fine"]


def test_a_status_nobody_knows_is_never_counted_as_good(make_line) -> None:
    assert group_of(make_line(status="glorious")) == "failed"
    assert group_of(make_line(status="quarantined")) == "failed"
    assert group_of(make_line(status="leased")) == "pending"
    assert group_of(make_line(status=None)) == "pending"


def test_the_overview_adds_up_in_every_facet(make_line, make_reading) -> None:
    bad = (Finding("cut_tail", Outcome.FAIL), Finding("cut_tail", Outcome.FAIL))
    reading = make_reading(
        make_line("a"),
        make_line("b", "rejected", findings=bad, locale="de-DE"),
        make_line("c", None, character="tomas", unpublishable="no licence"),
        make_line("d", is_frozen=True, is_recorded=True),
    )
    counted = overview(reading)
    assert counted.total.counts == {"rejected": 1, "failed": 0, "pending": 1, "approved": 2}
    assert counted.total.duration_s == 4.5
    assert counted.total.approved_s == 3.0
    assert counted.total.share == 0.5
    for rows in counted.by.values():
        assert sum(row.total for row in rows) == 4
    assert counted.checks == [("cut_tail", 1)]  # lines, not findings
    assert dict(counted.flags) == {
        "stale translation": 0, "unpublishable": 1, "frozen": 1, "recorded": 1,
    }  # fmt: skip
    assert counted.unpublishable == [("no licence", 1)]


def test_an_empty_project_has_an_overview(make_reading) -> None:
    assert overview(make_reading()).total.share == 0.0


def test_flags_keep_their_order(make_line) -> None:
    line = make_line(is_recorded=True, is_stale_translation=True)
    assert flags_of(line) == ("stale translation", "recorded")
