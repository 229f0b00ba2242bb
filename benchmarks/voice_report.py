"""The benchmark of voices as a page of Markdown, with what was aimed at beside what was reached."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

Row = Mapping[str, object]
TOLERANCE = {"pitch": 0.3, "range": 0.15, "rate": 0.03, "energy": 1.0}
COST = 0.15
"""What a control may cost in OVRL."""
NO_GPU = (
    "No GPU was available, for training or for these measurements. Missing are: the speed "
    "on one (`python benchmarks/fastpitch.py assets/voices hearth --cuda`), how near its sound is "
    "to the CPU's, and every figure of the large configuration (`assets/training/hearth/large`), "
    "which has only been rehearsed (`build.py --rehearse`) and never trained."
)
COMMAND = "`python benchmarks/voices.py --voice {voice} --only {section} --write`"


def page(results: Mapping[str, object]) -> str:
    """Return the page; sections that were not measured with this model are named at its end."""
    about = results["about"]
    parts = [
        f"# The voice {about['voice']}",
        "",
        f"Model {about['model']}, {about['sentences']} held-out sentences per language, without "
        "variation. Teacher: the corpus's own sound of the sentence; copy: the vocoder on the "
        "teacher's mel and F0; student: the voice. DNSMOS hears noise and distortion, not "
        "naturalness.",
        "",
        NO_GPU,
    ]
    for name, draw in SECTIONS.items():
        if results.get(name):
            parts += ["", draw(results[name], about)]
    if missing := [name for name in SECTIONS if not results.get(name)]:
        options = " ".join(f"--only {name}" for name in missing)
        parts += [
            "",
            f"Not measured yet with this model: `python benchmarks/voices.py {options} --write`.",
        ]
    return "\n".join(parts) + "\n"


def number(value: object, digits: int = 2, sign: bool = False) -> str:
    if not isinstance(value, int | float) or math.isnan(value):
        return "–"
    return f"{value:{'+' if sign else ''}.{digits}f}"


def real(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def percent(value: object) -> str:
    return f"{100 * value:.0f} %" if isinstance(value, float) and not math.isnan(value) else "–"


def table(head: str, rows: Sequence[Sequence[str]]) -> str:
    columns = head.split("|")
    lines = [f"| {' | '.join(c.strip() for c in columns)} |", "|---" * len(columns) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def goal(text: str, reached: int, of: int) -> str:
    return f"- {text}: {reached} of {of}" + ("." if reached == of else " — **not reached by all**.")


def quality(rows: Sequence[Row], about: Row) -> str:
    shown, within, near = [], [], []
    for row in rows:
        cells = [str(row["speaker"]) or "–", str(row["language"])]
        for kind in ("teacher", "copy", "student"):
            cells.append(f"{number(row.get(f'{kind}_ovrl'))} / {number(row.get(f'{kind}_p808'))}")
        gaps = [
            float(row[f"student_{m}"]) - float(row[f"teacher_{m}"])
            for m in ("ovrl", "p808")
            if f"student_{m}" in row and f"teacher_{m}" in row
        ]
        cells.append(" / ".join(number(gap, sign=True) for gap in gaps) or "–")
        cells += [number(row.get("mel_l1")), number(row.get("f0_error_st"))]
        cells.append(str(row.get("student_sentences") or row.get("teacher_sentences", "")))
        shown.append(cells)
        if gaps:
            within.append(min(gaps) >= -0.2)
        if "student_ovrl" in row:
            near.append(float(row["student_ovrl"]) >= 3.2)
    lines = [
        "## Sound\n",
        COMMAND.format(voice=about["voice"], section="quality"),
        "\nMel L1 and F0 error (RMS) are taken along the cheapest path between student and "
        "teacher, for their timing differs.\n",
        table(
            "speaker | language | teacher OVRL / P.808 | copy | student | student − teacher | "
            "mel L1 | F0 error st | sentences",
            shown,
        ),
        "",
    ]
    if within:
        lines.append(goal("Student within 0.2 of its teacher", sum(within), len(within)))
    if near:
        lines.append(
            goal("OVRL of 3.2 or more (the goal for natural teachers)", sum(near), len(near))
        )
    return "\n".join(lines)


def speech(rows: Sequence[Row], about: Row) -> str:
    shown, whole, clear = [], [], []
    for row in rows:
        cells = [str(row["speaker"]) or "–", str(row["language"])]
        for key in ("whole", "words"):
            cells += [percent(row.get(f"{kind}_{key}")) for kind in ("teacher", "student")]
        cells += [number(row.get(f"{kind}_score")) for kind in ("teacher", "student")]
        cells += [percent(row.get(f"{kind}_phone_errors")) for kind in ("teacher", "student")]
        cells.append(percent(row.get("phone_distance")))
        shown.append(cells)
        if row["language"] == "en" and "student_whole" in row:
            whole.append(float(row["student_whole"]) >= 0.98)
        if "teacher_phone_errors" in row and "student_phone_errors" in row:
            gap = float(row["student_phone_errors"]) - float(row["teacher_phone_errors"])
            clear.append(gap <= 0.02)
    lines = [
        "## Intelligibility\n",
        COMMAND.format(voice=about["voice"], section="speech"),
        "\nForced alignment and phone recognition with the English model of PocketSphinx, the same "
        "for teacher and student (T, S). Whole: sentences in which every word was found. Phone "
        "errors: classes of phones heard against those of the text; the recogniser is weak, so "
        "only the difference counts. Distance: phones heard from student against those from "
        "teacher.\n",
        table(
            "speaker | language | whole T | whole S | words T | words S | score T | score S | "
            "phone errors T | phone errors S | distance",
            shown,
        ),
        "",
    ]
    if whole:
        text = "Every word found in 98 % of English sentences"
        lines.append(goal(text, sum(whole), len(whole)))
    if clear:
        text = "Phone errors at most 2 points above the teacher's"
        lines.append(goal(text, sum(clear), len(clear)))
    return "\n".join(lines)


def control(rows: Sequence[Row], about: Row) -> str:
    shown, obtained, cheap = [], [], []
    asked = dict.fromkeys((str(r["control"]), float(r["asked"]), str(r["unit"])) for r in rows)
    for name, wanted, unit in asked:
        same = [r for r in rows if (r["control"], r["asked"]) == (name, wanted)]
        got = np.array([real(r["got"]) for r in same])
        error = np.abs(got - wanted) / (1.0 if name in {"pitch", "energy"} else wanted)
        ovrl = np.array([real(r["ovrl"]) for r in same])
        p808 = np.array([real(r["p808"]) for r in same])
        good = error <= TOLERANCE[name]
        worst = same[int(np.nanargmax(error))]
        shown.append(
            [
                f"{name} {wanted:+g} {unit}" if unit != "×" else f"{name} ×{wanted:g}",
                number(float(np.nanmean(got))),
                f"{number(float(np.nanmin(got)))} … {number(float(np.nanmax(got)))}",
                f"{worst['speaker'] or '–'} ({worst['language']})",
                f"{int(good.sum())} of {len(same)}",
                f"{number(float(np.nanmean(ovrl)), sign=True)} / "
                f"{number(float(np.nanmean(p808)), sign=True)}",
            ]
        )
        obtained += good.tolist()
        cheap += (ovrl >= -COST).tolist()
    return "\n".join(
        [
            "## Control\n",
            COMMAND.format(voice=about["voice"], section="control"),
            "\nThe whole way of a render: direction → engine → signal stage; F0 heard by Praat. "
            "The goals: pitch within 0.3 st, range within 15 %, rate within 3 %, energy within "
            f"1 dB, each at a cost of at most {COST} OVRL. Mean over speakers, then the range of "
            "the speakers' means.\n",
            table("asked | got | from … to | farthest | within goal | cost OVRL / P.808", shown),
            "",
            goal("Control within its goal", sum(obtained), len(obtained)),
            goal(f"Cost of at most {COST} OVRL", sum(cheap), len(cheap)),
        ]
    )


def distinct(found: Row, about: Row) -> str:
    student, teacher = found["student"], found["teacher"]
    names = list(student["names"])
    taught = {name: row for name, *row in _nearest(teacher)}
    shown = []
    for i, (name, own, near) in enumerate(_nearest(student)):
        row = [name, f"{student['f0_hz'][i]:.0f}", own, near]
        shown.append([*row, *taught.get(name, ("–", "–"))])
    cosines = np.reshape(student["cosines"], (len(names), len(names)))
    cosines = cosines[np.triu_indices(len(names), 1)]
    selves = list(student["self"])
    return "\n".join(
        [
            "## Distinctness\n",
            COMMAND.format(voice=about["voice"], section="distinct"),
            "\nCosine of speaker embeddings (`judges/speaker.py`): of a voice's sentences with "
            "each other, and of the voices' mean embeddings; the same for the teachers.\n",
            "![Cosines](voices.svg)\n",
            "![Map](voices_map.svg)\n",
            table(
                "voice | F0 Hz | with itself | nearest | teacher itself | teacher's nearest", shown
            ),
            "",
            goal("With itself 0.8 or more on average", sum(s >= 0.8 for s in selves), len(selves)),
            goal("Pairs below 0.75", int((cosines < 0.75).sum()), cosines.size),
        ]
    )


def _nearest(found: Row) -> list[tuple[str, str, str]]:
    """Name, likeness to itself and nearest other of each voice."""
    names = list(found["names"])
    cosines = np.reshape(found["cosines"], (len(names), len(names))) - 2 * np.eye(len(names))
    rows = []
    for i, (name, own) in enumerate(zip(names, found["self"], strict=True)):
        near = int(cosines[i].argmax())
        beside = f"{names[near]} ({cosines[i, near]:.2f})" if len(names) > 1 else "–"
        rows.append((name, number(own), beside))
    return rows


def speed(found: Row, about: Row) -> str:
    rows = [
        [
            f"{threads}",
            f"{batch}",
            *(f"{rate:.0f}" for rate in found[f"threads_{threads}_batch_{batch}"]),
        ]
        for threads in (1, 2)
        for batch in (1, 16)
    ]
    return "\n".join(
        [
            "## Speed\n",
            COMMAND.format(voice=about["voice"], section="speed"),
            f"\nFrom transcript to samples, × real time, {found['cores']} cores, load average "
            f"{found['load']:.1f} before: where the machine is shared, read the CPU column.\n",
            table("threads | batch | × wall | × CPU", rows),
            "",
            f"- One line of {found['line_s']:.1f} s, warm, from text to samples: "
            f"{found['line_p50_ms']:.0f} ms (p50), {found['line_p95_ms']:.0f} ms (p95); the goal "
            "is 250 ms.",
        ]
    )


SECTIONS: dict[str, Callable[..., str]] = {
    "quality": quality,
    "speech": speech,
    "control": control,
    "distinct": distinct,
    "speed": speed,
}
