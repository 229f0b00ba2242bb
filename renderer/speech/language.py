"""Which of espeak's languages and speakers a request means."""

from __future__ import annotations

import difflib
from functools import cache

from renderer.errors import SynthesisError
from renderer.speech import espeak

# Tags espeak has under another name, or that mean more than one of its languages.
_ALIASES = {
    "en": "en-us",
    "en-au": "en-gb",
    "en-nz": "en-gb",
    "en-ie": "en-gb",
    "en-ca": "en-us",
    "es-mx": "es-419",
    "pt": "pt-br",
    "zh": "cmn",
    "zh-tw": "cmn",
    "zh-hk": "yue",
    "no": "nb",
    "nn": "nb",
    "iw": "he",
    "tl": "id",
    "fil": "id",
}


@cache
def languages() -> dict[str, str]:
    """Return espeak's language tags (lower case) and the identifier of the file for each.

    A file names its tags by lines `language en-us 2`, where a lower number is a better match.
    Languages whose dictionary is not part of the installation are left out.
    """
    data = espeak.data_folder()
    folder = data / "lang"
    best: dict[str, tuple[int, str]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        identifier = path.relative_to(folder).as_posix()
        lines = [line.split() for line in path.read_text("utf-8", "replace").splitlines()]
        tags = [words for words in lines if words[:1] == ["language"] and len(words) > 1]
        named = [words[1] for words in lines if words[:1] == ["dictionary"] and len(words) > 1]
        named += [part for words in tags for part in (words[1], words[1].split("-")[0])]
        if not any((data / f"{name}_dict").is_file() for name in named):
            continue
        for _, tag, *rest in tags:
            rank = int(rest[0]) if rest and rest[0].isdigit() else 5
            best[tag.lower()] = min(best.get(tag.lower(), (99, "")), (rank, identifier))
    return {tag: identifier for tag, (_, identifier) in sorted(best.items())}


def identifier(locale: str) -> str:
    """Return espeak's identifier for a BCP 47 tag.

    Args:
        locale: `de-DE`, `pt-BR`, `cmn`, …; the region is dropped where espeak has none of its own.

    Raises:
        SynthesisError: espeak has no such language.
    """
    known, parts = languages(), locale.lower().replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        tag = "-".join(parts[:length])
        for candidate in (_ALIASES.get(tag, ""), tag):
            if candidate in known:
                return known[candidate]
    raise SynthesisError(
        f"espeak-ng does not know the language {locale!r}; give the character a voice that does."
    )


@cache
def speakers() -> dict[str, str]:
    """Return speaker names and the variant file each stands for; spaces become `_`."""
    folder = espeak.data_folder() / "voices" / "!v"
    return {p.name.replace(" ", "_"): p.name for p in sorted(folder.glob("*")) if p.is_file()}


def variant(speaker: str) -> str:
    """Return the suffix that gives an espeak voice a speaker; "" for the plain voice.

    espeak takes an unknown variant without a word, so the name is checked here.

    Raises:
        SynthesisError: There is no such speaker.
    """
    if not speaker:
        return ""
    if speaker not in speakers():
        near = difflib.get_close_matches(speaker, speakers(), 5, 0.4) or ["f2", "m3", "croak"]
        raise SynthesisError(
            f"The formant voice has no speaker {speaker!r}; did you mean {', '.join(near)}?"
        )
    return f"+{speakers()[speaker]}"
