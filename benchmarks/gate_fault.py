"""Takes whose engine, mastering or encoder goes wrong, in the service that finishes them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from unittest import mock

from renderer.audio.codec import decode, encode
from renderer.audio.waveform import Waveform
from renderer.domain.take import Take
from renderer.services.finish import Finished, Finisher
from renderer.services.perform import Performance

Spoil = Callable[[Waveform], Waveform]


def leave(waveform: Waveform) -> Waveform:
    """Change nothing."""
    return waveform


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a take is spoilt.

    Attributes:
        raw: What the engine does wrong.
        mastered: What mastering does wrong, after its own ceiling.
        delivered: What the encoder does wrong.
    """

    raw: Spoil = leave
    mastered: Spoil = leave
    delivered: Spoil = leave


def faulty_finisher(fault_of: Callable[[Take], Fault]) -> AbstractContextManager[object]:
    """Have takes spoilt while the context lasts; master, encoder and gate are the real ones."""
    sound = Finisher._master

    def master(finisher: Finisher, take: Take, performance: Performance, number: int) -> Finished:
        fault, target = fault_of(take), take.request.delivery
        spoken = replace(performance, waveform=fault.raw(performance.waveform))
        made = sound(finisher, take, spoken, number)
        mastered = fault.mastered(made.master.waveform)
        delivered = fault.delivered(mastered)
        if delivered is made.master.waveform:
            return made
        data = encode(delivered, target.codec, target.quality)
        whole = replace(made.master, waveform=mastered)
        return replace(made, master=whole, delivery=data, decoded=decode(data))

    return mock.patch.object(Finisher, "_master", master)
