"""Which precision a run has where nobody chose one."""

from __future__ import annotations

import pytest
import torch

from renderer.training.precision import choose_precision


@pytest.mark.parametrize(
    ("has", "chosen"),
    [
        ({"avx2": True, "avx512_f": True, "avx512_bf16": False}, "float32"),
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({"neon": True, "bf16": True}, "bfloat16"),
        ({}, "float32"),
    ],
)
def test_a_processor_that_only_imitates_sixteen_bits_gets_none(
    monkeypatch: pytest.MonkeyPatch, has: dict[str, bool], chosen: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    cpu = torch.device("cpu")
    assert choose_precision("auto", cpu) == chosen
    assert choose_precision("bfloat16", cpu) == "bfloat16"


def test_a_card_is_asked_for_units_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def supports(*, including_emulation: bool) -> bool:
        asked.append(including_emulation)
        return True

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supports)
    assert choose_precision("auto", torch.device("cuda")) == "bfloat16"
    assert asked == [False]
