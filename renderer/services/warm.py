"""Warm-up: voices are loaded and speak before the first line is waited for.

The first run of each length is slow: memory is taken, and on a GPU kernels are chosen. So a voice
says one line for each of a few lengths, one at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceRef
from renderer.errors import BarklineError, SynthesisError
from renderer.ports import SpeechRequest, Transcriber, VoiceBook
from renderer.services.level import passages

# Words of each line: a bark, a short line, a sentence, a speech.
LENGTHS = (1, 4, 10, 20, 40)
_FALLBACK_LOCALE = "en-US"


def warm(
    voices: VoiceBook, names: Iterable[str], transcriber: Transcriber
) -> dict[str, BarklineError]:
    """Load voices and let each say a line of every length.

    Args:
        voices: The installed voices.
        names: Voice references (`name` or `name#speaker`).
        transcriber: Text to phonemes.

    Returns:
        What went wrong, by voice reference; empty when nothing did. A voice that fails here fails
        its lines later, and says the same then.
    """
    failures: dict[str, BarklineError] = {}
    for name in dict.fromkeys(names):
        try:
            _warm(voices, name, transcriber)
        except BarklineError as error:
            failures[name] = error
        except ValueError as error:  # no voice reference
            failures[name] = BarklineError(f"{error}; correct the name.")
    return failures


def _warm(voices: VoiceBook, name: str, transcriber: Transcriber) -> None:
    ref = VoiceRef.parse(name)
    voice = voices.open(ref.name)
    languages = voice.card.languages
    for transcript in _transcripts(name, languages[0] if languages else "", transcriber):
        for answer in voice.speak([SpeechRequest(transcript, speaker=ref.speaker)]):
            if isinstance(answer, SynthesisError):
                raise answer


def _transcripts(voice: str, locale: str, transcriber: Transcriber) -> Iterator[Transcript]:
    """Yield lines of the lengths; in English where a language has no passages of its own."""
    locale = locale or _FALLBACK_LOCALE
    words = " ".join(passages(locale)).split()
    texts = [" ".join(words[:length]).rstrip(",.") + "." for length in LENGTHS]
    lines = [Utterance(f"warm_{n}", locale, "", "", t, t, voice) for n, t in enumerate(texts)]
    for made in transcriber.transcribe(lines):
        if isinstance(made, BarklineError):
            raise made
        yield made
