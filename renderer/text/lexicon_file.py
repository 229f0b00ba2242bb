"""Reading one lexicon file: every fault at once, each with its line.

    locale: en-US              # or "*" (every locale) or "de" (every German)
    entries:
      - word: Emberfall
        say: "ember fall"      # words to speak instead, or
      - word: Kaelith
        ipa: "ˈkeɪlɪθ"         # phonemes to speak
      - word: lead
        hint: metal            # only where a line's hints say lead: metal
        ipa: "lɛd"
      - word: US
        match_case: true       # never where a line says "us"
        say: "U S"

The file is walked as a tree of YAML nodes, never constructed into objects, so that tags cannot
run anything and every fault knows its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from renderer.domain.words import find_words, fold
from renderer.errors import Fault
from renderer.text import phones
from renderer.text.lexicon_entry import LexiconEntry

MAX_BYTES = 4_000_000
MAX_WORD = 100
MAX_SPEECH = 300

_LOCALE = re.compile(r"\*|[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_FILE_FIELDS = ("locale", "entries")
_ENTRY_FIELDS = ("word", "say", "ipa", "hint", "match_case", "notes")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path, shown: str, faults: list[Fault]) -> list[LexiconEntry]:
    """Read one lexicon file.

    Args:
        path: The file.
        shown: Its path as people are shown it.
        faults: Everything that is wrong is appended here.

    Returns:
        The entries that are right.
    """
    return _Reader(shown, faults).entries(path)


class _Reader:
    def __init__(self, shown: str, faults: list[Fault]) -> None:
        self._shown = shown
        self._faults = faults

    def entries(self, path: Path) -> list[LexiconEntry]:
        root = self._root(path)
        if root is None:
            return []
        fields = self._fields(root, _FILE_FIELDS, "a lexicon")
        locale = self._locale(fields.get("locale"), root)
        rows = fields.get("entries")
        if not isinstance(rows, yaml.SequenceNode):
            self._fault(rows or root, "entries", "lexicon-entries", "There is no list of entries.",
                        "Write `entries:` with one `- word: …` per entry.")  # fmt: skip
            return []
        read = [e for row in rows.value if (e := self._entry(row, locale)) is not None]
        return list(self._unique(read))

    def _root(self, path: Path) -> yaml.MappingNode | None:
        try:
            text = self._text(path)
            root = yaml.compose(text, Loader=_LOADER) if text is not None else None
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark is not None else 0
            why = str(getattr(error, "problem", None) or error)
            self._at(line, "", "lexicon-yaml", f"This is no YAML: {why}.",
                     "Correct the line, or check the file with an editor.")  # fmt: skip
            return None
        if text is None:
            return None
        if not isinstance(root, yaml.MappingNode):
            self._at(0, "", "lexicon-shape", "A lexicon has a locale and entries.",
                     "Write `locale: en-US` and `entries:`.")  # fmt: skip
            return None
        return root

    def _text(self, path: Path) -> str | None:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                self._at(0, "", "lexicon-size", f"The file is over {MAX_BYTES // 10**6} MB.",
                         "Split it into several files.")  # fmt: skip
                return None
            return data.decode("utf-8-sig")
        except OSError as error:
            self._at(0, "", "lexicon-read", f"It cannot be read: {error.strerror}.",
                     "Check the path and its permissions.")  # fmt: skip
        except UnicodeDecodeError:
            self._at(0, "", "lexicon-encoding", "The file is not UTF-8.",
                     "Save it as UTF-8.")  # fmt: skip
        return None

    def _fields(
        self, node: yaml.MappingNode, known: tuple[str, ...], what: str
    ) -> dict[str, yaml.Node]:
        fields: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name not in known:
                self._fault(key, str(name)[:40], "unknown-field",
                            f"{what} has no field {str(name)[:40]!r}.",
                            f"Use {', '.join(known)}.")  # fmt: skip
            elif name in fields:
                self._fault(key, name, "duplicate-key", f"{name} is given twice.",
                            "Remove one of them.")  # fmt: skip
            else:
                fields[name] = value
        return fields

    def _locale(self, node: yaml.Node | None, root: yaml.Node) -> str:
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if not _LOCALE.fullmatch(value):
            self._fault(node or root, "locale", "lexicon-locale",
                        f"{value[:40]!r} is no locale." if value else "The locale is missing.",
                        'Write a tag such as en-US, a language such as de, or "*".')  # fmt: skip
            return ""
        return value

    def _entry(self, node: yaml.Node, locale: str) -> LexiconEntry | None:
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, "entries", "lexicon-entry", "An entry has a word and say or ipa.",
                        'Write `- word: Kaelith` and below it `ipa: "ˈkeɪlɪθ"`.')  # fmt: skip
            return None
        before = len(self._faults)
        fields = self._fields(node, _ENTRY_FIELDS, "an entry")
        text = {name: self._string(name, value) for name, value in fields.items()}
        word = text.get("word", "").strip()
        self._check_word(word, fields.get("word") or node)
        say, ipa = text.get("say", "").strip(), phones.tidy(text.get("ipa", ""))
        self._check_speech(word, say, ipa, node, fields)
        match_case = self._flag(fields.get("match_case"))
        if len(self._faults) > before or not locale:
            return None
        hint = text.get("hint", "").strip()
        return LexiconEntry(word, locale, say, ipa, hint, match_case, self._shown, _line(node))

    def _string(self, name: str, node: yaml.Node) -> str:
        limit = MAX_WORD if name in ("word", "hint") else MAX_SPEECH
        if not isinstance(node, yaml.ScalarNode):
            self._fault(node, name, "lexicon-type", f"{name} is no text.", "Write one line.")
            return ""
        value = str(node.value)
        if name in {"notes", "match_case"}:
            return value
        if len(value) > limit:
            self._fault(node, name, "too-long", f"{name} has {len(value)} characters.",
                        f"At most {limit} are allowed.")  # fmt: skip
        elif any(not c.isprintable() for c in value):
            self._fault(node, name, "control-character", f"{name} has a control character.",
                        "Remove it, and line breaks too.")  # fmt: skip
        elif name == "hint" and not value.strip():
            self._fault(node, name, "lexicon-hint", "The hint is empty.", "Remove it or fill it.")
        return value

    def _flag(self, node: yaml.Node | None) -> bool:
        if node is None:
            return False
        if not isinstance(node, yaml.ScalarNode) or node.value not in ("true", "false"):
            self._fault(node, "match_case", "lexicon-type", "match_case is true or false.",
                        "Write `match_case: true`.")  # fmt: skip
            return False
        return bool(node.value == "true")

    def _check_word(self, word: str, node: yaml.Node) -> None:
        if not find_words(word):
            self._fault(node, "word", "lexicon-word",
                        f"{word[:40]!r} has no letter or digit." if word else "word is missing.",
                        "Write the word as lines write it.")  # fmt: skip

    def _check_speech(
        self, word: str, say: str, ipa: str, node: yaml.Node, fields: dict[str, yaml.Node]
    ) -> None:
        if bool(say) == bool(ipa):
            self._fault(node, "say", "lexicon-speech",
                        "say and ipa are both given." if say else "Neither say nor ipa is given.",
                        "Give say (words) or ipa (phonemes), one of them.")  # fmt: skip
            return
        name = "say" if say else "ipa"
        wrong = phones.problem(ipa) if ipa else ("" if find_words(say) else "has no word")
        if wrong:
            self._fault(fields[name], name, "lexicon-phonemes" if ipa else "lexicon-speech",
                        f"{name} {wrong}.",
                        "Use IPA letters such as ˈkeɪlɪθ." if ipa else "Write words.")  # fmt: skip
        spoken = len(ipa.split()) if ipa else len(find_words(say))
        if not wrong and spoken < len(find_words(word)):
            self._fault(fields[name], name, "lexicon-too-few-words",
                        f"word has {len(find_words(word))} words and {name} has {spoken}.",
                        "Separate as many words in the speech, so that each has its time."
                        )  # fmt: skip

    def _unique(self, entries: list[LexiconEntry]) -> Iterator[LexiconEntry]:
        seen: dict[tuple[object, ...], int] = {}
        for entry in entries:
            case = entry.word if entry.match_case else ""
            key = (entry.forms, fold(entry.hint), case)
            if key in seen:
                self._at(entry.line, "word", "duplicate-entry",
                         f"{entry.word!r} is already in line {seen[key]}.",
                         "Remove one, or give them different hints.")  # fmt: skip
            else:
                seen[key] = entry.line
                yield entry

    def _fault(self, node: yaml.Node, field: str, code: str, problem: str, fix: str) -> None:
        self._at(_line(node), field, code, problem, fix, node.start_mark.column + 1)

    def _at(
        self, line: int, field: str, code: str, problem: str, fix: str, column: int = 0
    ) -> None:
        self._faults.append(Fault(self._shown, line, field, problem, fix, code, column=column))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
