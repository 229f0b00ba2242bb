"""How fast a neural voice of ours speaks: × real time by batch and threads, and one short line.

    python benchmarks/fastpitch.py assets/voices hearth
    python benchmarks/fastpitch.py assets/voices hearth --cuda

Processor time is told beside wall time: on a machine that does something else too, only the former
says anything. A factor of 0.02 is fifty times faster than real time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.ports import Speech, SpeechRequest, Synthesiser
from renderer.speech.voice_book import Voices
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber

LINES = (
    "Halt! Who goes there?",
    "The bridge is closed until the morning, so turn around and go home.",
    "We lost three good men at the forge, and nobody told their families.",
    "Bring me the ember before the last light fades, or do not come back at all.",
)
SHORT = "Nobody crosses this bridge without my word, stranger."  # about three seconds
ROUNDS = 5


def transcripts(texts: Sequence[str]) -> list[Transcript]:
    lines = [Utterance(f"b{n}", "en-US", "", "", t, t, "b") for n, t in enumerate(texts)]
    made = EspeakTranscriber(Lexicon(())).transcribe(lines)
    assert all(isinstance(t, Transcript) for t in made), made
    return [t for t in made if isinstance(t, Transcript)]


def timed(voice: Synthesiser, requests: Sequence[SpeechRequest]) -> tuple[float, float, float]:
    """Return the best wall and processor seconds, and the seconds of sound."""
    walls, busy, sound = [], [], 0.0
    for _ in range(ROUNDS):
        start, used = time.perf_counter(), time.process_time()
        answers = voice.speak(requests)
        walls.append(time.perf_counter() - start)
        busy.append(time.process_time() - used)
        sound = sum(a.waveform.duration_s for a in answers if isinstance(a, Speech))
    return min(walls), min(busy), sound


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of voices")
    parser.add_argument("voice")
    parser.add_argument("--cuda", action="store_true")
    options = parser.parse_args()
    speakers = list(Voices([options.folder]).card(options.voice).speakers) or [""]
    texts = transcripts(LINES)
    batches = (1, 16, 64, 256) if options.cuda else (1, 16)
    print("| lines | threads | wall, × real time | processor, × real time |\n|---|---|---|---|")
    for threads in (1,) if options.cuda else (1, 2):
        voice = Voices([options.folder], threads=threads, use_cuda=options.cuda).open(options.voice)
        voice.speak([SpeechRequest(t) for t in texts])
        for batch in batches:
            requests = [
                SpeechRequest(texts[n % len(texts)], speakers[n % len(speakers)], seed=n)
                for n in range(batch)
            ]
            if batch == 1:
                requests = [SpeechRequest(texts[1], speakers[0])]
            wall, busy, sound = timed(voice, requests)
            print(f"| {batch} | {threads} | {wall / sound:.4f} | {busy / sound:.4f} |")
    [line] = transcripts([SHORT])
    wall, busy, sound = timed(voice, [SpeechRequest(line, speakers[0])])
    print(f"\nA line of {sound:.1f} s: {wall * 1e3:.0f} ms, {busy * 1e3:.0f} ms of processor time.")


if __name__ == "__main__":
    main()
