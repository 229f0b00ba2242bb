"""What is measured of the raw take is shown where it is heard: in the delivered file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from renderer.audio.waveform import Waveform
from renderer.ports import Speech, SpeechRequest


def test_a_click_is_placed_in_the_file_whatever_silence_the_engine_put_before_it(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    say = studio.voice._say

    def clicking(request: SpeechRequest) -> Any:
        said = say(request)
        rate, samples = said.waveform.sample_rate, said.waveform.samples.copy()
        samples[samples.size // 2] += 0.9 if samples[samples.size // 2] < 0 else -0.9
        lead = np.zeros(rate if "late" in request.transcript.written else 0, np.float32)
        return Speech(Waveform.of(np.concatenate([lead, samples]), rate), said.phones)

    monkeypatch.setattr(studio.voice, "_say", clicking)
    pks = studio.ask("good day", "late day", max_attempts=1)
    studio.render.batch(pks)
    places = [studio.take(pk).result.metrics["places"]["click_db"] for pk in pks]
    assert places[0] == pytest.approx(0.5, abs=0.15)
    assert places[1] == pytest.approx(places[0], abs=0.02)


def test_a_project_may_go_by_what_can_be_measured_without_models(studio: Any) -> None:
    """No judge is asked, and a verdict that would have been theirs is nobody's."""
    studio.judge.low = True
    (judged,) = studio.ask("good day")
    studio.render.batch([judged])
    assert studio.statuses([judged]) == ["rejected"]
    scored = studio.judge.scored

    studio.limits = replace(studio.limits, metrics="exact")
    (exact,) = studio.ask("good night")
    studio.render.batch([exact])
    assert studio.statuses([exact]) == ["approved"]
    assert studio.judge.scored == scored
    checks = {finding.check for finding in studio.take(exact).result.verdict.findings}
    assert "silence" in checks
    assert not {check for check in checks if check.startswith("dnsmos")}
