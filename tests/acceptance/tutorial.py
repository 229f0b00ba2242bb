"""Reads a tutorial and follows it, as a person would.

A fenced block is run, written or left alone by its info string:

    ```console              commands, each after "$ "; below one stands what it has to print: "..."
                            is any text, alone on a line any lines. A command with no lines below it
                            may print what it likes. "# exits 2" after two spaces at the end says
                            which exit code is right; 0 when nothing is said.
    ```yaml title=a/b.yaml  written to that file; the same for other languages
    ```sh                   only shown, as is any other block
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```(\S*)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXITS = re.compile(r"\s{2,}# exits (\d+)$")
TIMEOUT_S = 240


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the file it is the text of (or ""), its text and line."""

    language: str
    title: str
    text: str
    line: int


@dataclass(slots=True)
class Step:
    """One command, what it has to print and how it has to exit."""

    command: str
    line: int
    exit_code: int = 0
    expected: list[str] = field(default_factory=list)


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    return [
        Block(m[1], m[2] or "", m[3], page.count("\n", 0, m.start()) + 1)
        for m in FENCE.finditer(page)
    ]


def steps(block: Block) -> list[Step]:
    """Return the commands of a console block."""
    found: list[Step] = []
    for number, row in enumerate(block.text.splitlines(), block.line + 1):
        if row.startswith("$ "):
            exits = EXITS.search(row)
            command = EXITS.sub("", row[2:]).strip()
            found.append(Step(command, number, int(exits[1]) if exits else 0))
        elif not found:
            raise ValueError(f"line {number}: a console block begins with '$ '")
        elif row.strip():
            found[-1].expected.append(row)
    return found


def matches(expected: list[str], printed: str) -> bool:
    """Whether a command printed what the page says."""
    pattern = ""
    for row in expected:
        if row.strip() == "...":
            pattern += r"(?:.*\n)*"
        else:
            pattern += r".*".join(re.escape(piece) for piece in row.split("...")) + r"\n"
    rows = [row.rstrip() for row in printed.splitlines() if row.strip()]
    return re.fullmatch(pattern, "".join(f"{row}\n" for row in rows)) is not None


class Reader:
    """Someone who does what a page says, in a folder of their own.

    Args:
        folder: Where they work.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._home = folder
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("BARKLINE_", "GITHUB_"))}
        self._environment = kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "HOME": str(folder / ".home"),
            "XDG_DATA_HOME": str(folder / ".home/share"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PYTHONUTF8": "1",
            "COLUMNS": "100",
        }

    def follow(self, page: str) -> int:
        """Do everything a page says; returns the number of commands run."""
        count = 0
        for block in blocks(page):
            if block.title:
                self._write(block)
            elif block.language == "console":
                for step in steps(block):
                    self._run(step)
                    count += 1
        return count

    def _write(self, block: Block) -> None:
        path = self.folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

    def _run(self, step: Step) -> None:
        if step.command.startswith("cd "):
            self.folder = (self.folder / step.command[3:]).resolve()
            assert self.folder.is_relative_to(self._home.resolve()), step.command
            return
        if step.command.startswith("export "):
            name, _, value = shlex.split(step.command)[1].partition("=")
            self._environment[name] = value.replace("$PWD", str(self.folder))
            return
        done = subprocess.run(  # the pages are ours
            ["bash", "-c", step.command],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
        told = f"line {step.line}: $ {step.command}\nexit code {done.returncode}\n{done.stdout}"
        assert done.returncode == step.exit_code, f"exit code {step.exit_code} expected; {told}"
        wanted = "\n".join(step.expected)
        assert not step.expected or matches(step.expected, done.stdout), f"{told}\nnot:\n{wanted}"
