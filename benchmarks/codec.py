"""What is left of a master in the delivered file: PESQ, STOI and size by codec and quality.

    python benchmarks/codec.py [--voice hearth#kristin --voice hearth#marcus] [--lines 10]

Says held-out sentences, masters them as a project would, encodes each at every quality, decodes it
and holds it against its master. PESQ hears nothing above 8 kHz, so it judges the voice's body.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from phone_times import transcripts

from renderer import config
from renderer.audio.codec import decode, encode
from renderer.audio.mastering import master
from renderer.audio.waveform import Waveform
from renderer.domain.project import MasteringTarget
from renderer.domain.voice import VoiceRef
from renderer.judges.reference import PesqStoiJudge
from renderer.ports import Comparison, Speech, SpeechRequest
from renderer.speech.voice_book import Voices

QUALITIES = (0.0, 0.1, 0.3, 0.5, 0.7, 1.0)
CODECS = ("ogg", "opus")


def masters(name: str, lines: int) -> Iterator[Waveform]:
    ref = VoiceRef.parse(name)
    voice = Voices([config.assets_dir() / "voices"], threads=1, use_cuda=False).open(ref.name)
    for line in transcripts("en", lines):
        (said,) = voice.speak([SpeechRequest(line, ref.speaker, noise_w=0.0)])
        if isinstance(said, Speech):
            yield master(said.waveform, MasteringTarget(), 0.0).waveform


def measured(sounds: list[Waveform], codec: str, quality: float) -> tuple[float, ...]:
    """Return PESQ mean and least, STOI mean and least, kbit/s."""
    judge, rows, size = PesqStoiJudge(), [], 0
    for sound in sounds:
        data = encode(sound, codec, quality)
        size += len(data)
        score = judge.compare(Comparison.CODEC, sound, decode(data))
        rows.append((score["pesq_wb"], score["stoi"]))
    (pesq, stoi), (least, worst) = np.mean(rows, axis=0), np.min(rows, axis=0)
    seconds = sum(sound.duration_s for sound in sounds)
    return float(pesq), float(least), float(stoi), float(worst), 8 * size / seconds / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--voice", action="append")
    parser.add_argument("--lines", type=int, default=10)
    options = parser.parse_args()
    print("| voice | codec | quality | kbit/s | PESQ mean (least) | STOI mean (least) |")
    print("|---|---|---|---|---|---|")
    for voice in options.voice or ["hearth#kristin", "hearth#marcus"]:
        sounds = list(masters(voice, options.lines))
        for codec in CODECS:
            for quality in QUALITIES:
                pesq, least, stoi, worst, rate = measured(sounds, codec, quality)
                scores = f"{pesq:.2f} ({least:.2f}) | {stoi:.3f} ({worst:.3f})"
                print(f"| {voice} | {codec} | {quality:g} | {rate:.0f} | {scores} |", flush=True)


if __name__ == "__main__":
    main()
