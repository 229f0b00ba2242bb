"""From facts to diagnoses: what is well, what is not, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from renderer.domain.diagnosis import Diagnosis, failed, warning, well
from renderer.ports import (
    DatabaseFacts,
    GpuFacts,
    OwedFacts,
    QueueFacts,
    StoreFacts,
    VoiceFacts,
)

MOST_SKEW_S = 2.0
MOST_WAIT_S = 60.0
FULL = 0.9
LEAST_BYTES = 200_000_000
FEW_BYTES = 2_000_000_000
KEEPS_ALL = "noeviction"
_MEGABYTE = 1_000_000
_VOICES_SHOWN = 5


def database(facts: DatabaseFacts) -> Iterator[Diagnosis]:
    """Judge a database that answers: its schema and its clock."""
    yield well("database", facts.server)
    yield _schema(facts)
    if facts.is_server:
        yield clock("clock of the database", facts.skew_s)


def _schema(facts: DatabaseFacts) -> Diagnosis:
    name, found = "schema", f"{facts.revision or 'none'}, this Barkline needs {facts.newest}"
    if facts.revision == facts.newest:
        return well(name, facts.revision)
    if facts.revision > facts.newest:
        return failed(name, found, "Install the newer Barkline, or use another database.")
    if not facts.is_server:
        return warning(name, found, "The next command that writes brings it up to date.")
    return failed(name, found, "Run `barkline migrate` once, then start workers and relays.")


def clock(name: str, skew_s: float | None) -> Diagnosis:
    """Judge how far another clock is from this machine's.

    Args:
        name: Whose clock.
        skew_s: Seconds it is ahead; None when it does not tell.
    """
    if skew_s is None:
        return well(name, "not told by this server")
    found = f"{abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} this machine"
    if abs(skew_s) <= MOST_SKEW_S:
        return well(name, found)
    fix = "Run a time service (chrony, systemd-timesyncd) on both: leases end by the clock."
    return warning(name, found, fix)


def queue(facts: QueueFacts) -> Iterator[Diagnosis]:
    """Judge a queue that answers: its memory and its clock."""
    yield well("queue", facts.server)
    yield _policy(facts)
    used = f"{facts.used_bytes / _MEGABYTE:.0f} MB used"
    if not facts.most_bytes:
        yield well("queue memory", f"{used}, no bound")
    else:
        found = f"{used} of {facts.most_bytes / _MEGABYTE:.0f} MB"
        is_full = facts.used_bytes > FULL * facts.most_bytes
        fix = "Raise maxmemory, or lower BARKLINE_QUEUE_BOUND: a full queue refuses batches."
        yield warning("queue memory", found, fix) if is_full else well("queue memory", found)
    yield clock("clock of the queue", facts.skew_s)


def _policy(facts: QueueFacts) -> Diagnosis:
    name = "queue policy"
    if facts.policy == KEEPS_ALL:
        return well(name, facts.policy)
    found = f"maxmemory-policy is {facts.policy or 'not told'}"
    fix = f"Set maxmemory-policy {KEEPS_ALL}: others throw queued batches away when memory ends."
    return failed(name, found, fix) if facts.most_bytes else warning(name, found, fix)


def store(facts: StoreFacts) -> Iterator[Diagnosis]:
    """Judge a store that an object was written to and read from."""
    if facts.is_deleted:
        yield well("store", "written, read and deleted")
    else:
        yield well("store", f"written and read; deleting is not allowed, so {facts.key} is left")
    if facts.keeps_first is False:
        yield warning(
            "conditional writes",
            "the server does not honour If-None-Match",
            "Nothing is lost: objects have the names of their bytes. Two writers of one object "
            "both send it.",
        )
    elif facts.keeps_first:
        yield well("conditional writes", "honoured")


def gpu(facts: GpuFacts, wanted: bool | None) -> Diagnosis:
    """Judge what renders: a GPU or the processor.

    Args:
        facts: What there is.
        wanted: BARKLINE_CUDA: True on, False off, None auto.
    """
    name = "gpu"
    cards = "; ".join(facts.cards) or "nvidia-smi lists no card"
    found = f"onnxruntime {facts.runtime} runs on {', '.join(facts.obtained)}; {cards}"
    if wanted is False or any("CUDA" in provider for provider in facts.obtained):
        return well(name, found)
    if facts.has_cuda:
        fix = "Install the CUDA and cuDNN this onnxruntime was built for, and a fitting driver."
    else:
        fix = "Install 'barkline[gpu]' in place of 'barkline[cpu]'."
    if wanted:
        return failed(name, found, f"{fix} Or set BARKLINE_CUDA=auto.")
    return warning(name, found, fix) if facts.cards else well(name, found)


def voices(facts: Sequence[VoiceFacts]) -> Diagnosis:
    """Judge the installed voices."""
    bad = [voice for voice in facts if voice.fault]
    if not bad:
        return well("voices", f"{len(facts)} installed, files as their cards say")
    told = "; ".join(f"{voice.name}: {voice.fault}" for voice in bad[:_VOICES_SHOWN])
    more = f"; and {len(bad) - _VOICES_SHOWN} more" if len(bad) > _VOICES_SHOWN else ""
    fix = "Install or add those voices again, or remove their folders."
    return failed("voices", f"{len(bad)} of {len(facts)}: {told}{more}", fix)


def phonemes(version: str, unknown: Mapping[str, str]) -> Diagnosis:
    """Judge the phonemiser.

    Args:
        version: Of espeak-ng.
        unknown: Locale to why it cannot be spoken.
    """
    if not unknown:
        return well("espeak", f"espeak-ng {version} with its data")
    found = "; ".join(f"{locale}: {why}" for locale, why in sorted(unknown.items()))
    return failed("espeak", found, "Reinstall the package espeakng-loader.")


def disk(name: str, free_bytes: int) -> Diagnosis:
    """Judge the room of a folder."""
    found = f"{free_bytes / 1e9:.1f} GB free"
    if free_bytes >= FEW_BYTES:
        return well(name, found)
    fix = "Free some space: the disk is about to be full."
    return warning(name, found, fix) if free_bytes >= LEAST_BYTES else failed(name, found, fix)


def owed(facts: OwedFacts) -> Iterator[Diagnosis]:
    """Judge what waits in a service's database."""
    waits = f"{facts.unsent} wait, the oldest for {facts.oldest_s:.0f} s"
    yield _counted(
        "outbox",
        waits,
        facts.oldest_s > MOST_WAIT_S,
        "Start a relay (`barkline relay`), or workers when the queue is full.",
    )
    yield _counted(
        "leases",
        f"{facts.expired} expired",
        facts.expired > 0,
        "A running relay gives them back within seconds; start one.",
    )
    yield _counted(
        "dead letters",
        str(facts.dead_letters),
        facts.dead_letters > 0,
        "Look into table dead_letter and the logs; forget old ones with `barkline forget "
        "--dead-letters 30d`.",
    )
    yield _counted(
        "quarantined takes",
        str(facts.quarantined),
        facts.quarantined > 0,
        "Change those lines, or `barkline render --retry quarantined`.",
    )


def _counted(name: str, found: str, is_bad: bool, fix: str) -> Diagnosis:
    return warning(name, found, fix) if is_bad else well(name, found)
