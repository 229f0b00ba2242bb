"""One gain per voice: how loud a voice is by itself, measured once.

A short line has no stable integrated loudness, and a whisper brought to the level of speech is no
whisper. So a voice is measured on neutral passages, and all its lines get that one gain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from renderer.audio.mastering import voice_gain_db
from renderer.audio.revision import LEVEL_REVISION
from renderer.audio.waveform import Waveform
from renderer.domain.project import MasteringTarget
from renderer.domain.render_key import digest
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceCard, VoiceRef
from renderer.errors import SynthesisError
from renderer.ports import Speech, SpeechRequest, Synthesiser, Transcriber, UnitOfWork

_REFERENCE = MasteringTarget()

# Neutral statements with open and closed vowels, plosives and fricatives; about twelve seconds.
# Other passages are another gain: raise LEVEL_REVISION with them.
_PASSAGES: dict[str, tuple[str, ...]] = {
    "en": (
        "The harbour lies quiet under a pale morning sky, and the boats have not gone out yet.",
        "She put the letters back into the drawer, locked it, and walked slowly down the stairs.",
        "Beyond the old mill the road turns north and follows the river for about seven miles.",
    ),
    "de": (
        "Der Hafen liegt still unter einem blassen Morgenhimmel, und die Boote sind noch da.",
        "Sie legte die Briefe in die Schublade, schloss ab und ging langsam die Treppe hinab.",
        "Hinter der alten Mühle biegt die Straße nach Norden ab und folgt eine Weile dem Fluss.",
    ),
    "fr": (
        "Le port est calme sous un ciel pâle du matin, et les bateaux ne sont pas encore partis.",
        "Elle remit les lettres dans le tiroir, le ferma à clé et descendit lentement l'escalier.",
        "Après le vieux moulin, la route tourne vers le nord et suit la rivière un long moment.",
    ),
    "ca": (
        "El port és tranquil sota un cel pàl·lid de matí, i les barques encara no han sortit.",
        "Va tornar a posar les cartes al calaix, el va tancar amb clau i va baixar l'escala.",
        "Més enllà del vell molí el camí gira cap al nord i segueix el riu durant unes set milles.",
    ),
}


def passages(locale: str) -> tuple[str, ...]:
    """Return the calibration passages of a locale; English ones where there are none."""
    return _PASSAGES.get(locale.split("-", maxsplit=1)[0].casefold(), _PASSAGES["en"])


class VoiceLevel:
    """Gains of voices, measured once and kept in the database.

    Args:
        unit: Begins a transaction.
        transcriber: Text to phonemes.
        engine_revision: Revision of a voice's engine, by voice name.
        reading: Begins a transaction for reading; None: `unit` does.
    """

    def __init__(
        self,
        unit: Callable[[], UnitOfWork],
        transcriber: Transcriber,
        engine_revision: Callable[[str], str],
        reading: Callable[[], UnitOfWork] | None = None,
    ) -> None:
        self._unit = unit
        self._reading = reading or unit
        self._transcriber = transcriber
        self._engine_revision = engine_revision
        self._known: dict[str, float] = {}

    def gain_db(
        self, synthesiser: Synthesiser, voice: str, locale: str, target: MasteringTarget
    ) -> float:
        """Return the gain that brings a voice's neutral speech to the target, in dB.

        Args:
            synthesiser: The loaded voice.
            voice: Voice reference, with its speaker.
            locale: Whose phonemes.
            target: The level to reach.

        Raises:
            SynthesisError: The voice cannot say the passages.
        """
        language = locale.split("-", maxsplit=1)[0].casefold()
        key = digest([*self.identity(synthesiser.card), voice, language])
        if key not in self._known:
            stored = self._stored(key)
            self._known[key] = (
                self._measure(key, synthesiser, voice, locale) if stored is None else stored
            )
        return round(target.loudness_lufs - self._known[key], 2)

    def identity(self, card: VoiceCard) -> tuple[str, ...]:
        """Return what decides how a voice says its passages, beside voice and locale."""
        engine = self._engine_revision(card.name)
        return card.model_sha256, engine, self._transcriber.revision, LEVEL_REVISION

    def neutral(self, synthesiser: Synthesiser, voice: str, locale: str) -> list[Waveform]:
        """Let a voice say its neutral passages, as they are before mastering.

        Raises:
            SynthesisError: The voice cannot say them.
        """
        return [waveform for waveform, _ in self.passages(synthesiser, voice, locale)]

    def passages(
        self, synthesiser: Synthesiser, voice: str, locale: str
    ) -> list[tuple[Waveform, Transcript]]:
        """Let a voice say its neutral passages; return each that it says, with its text.

        Raises:
            SynthesisError: The voice cannot say them.
        """
        return _speak(synthesiser, self._transcripts(voice, locale), voice)

    def _stored(self, key: str) -> float | None:
        with self._reading() as unit:
            return unit.levels.get(key)

    def _measure(self, key: str, synthesiser: Synthesiser, voice: str, locale: str) -> float:
        """Measure a voice; the level another worker has stored meanwhile goes before ours."""
        gain = voice_gain_db(self.neutral(synthesiser, voice, locale), _REFERENCE)
        loudness = round(_REFERENCE.loudness_lufs - gain, 2)
        with self._unit() as unit:
            unit.levels.put(key, voice, locale, loudness)
            stored = unit.levels.get(key)
            unit.commit()
        return loudness if stored is None else stored

    def _transcripts(self, voice: str, locale: str) -> list[Transcript]:
        lines = [
            Utterance(f"level_{i}", locale, "", "", text, text, voice)
            for i, text in enumerate(passages(locale))
        ]
        made = self._transcriber.transcribe(lines)
        return [t for t in made if isinstance(t, Transcript)]


def _speak(
    synthesiser: Synthesiser, transcripts: Sequence[Transcript], voice: str
) -> list[tuple[Waveform, Transcript]]:
    speaker = VoiceRef.parse(voice).speaker
    answers = synthesiser.speak([SpeechRequest(t, speaker=speaker) for t in transcripts])
    pairs = zip(answers, transcripts, strict=True)
    spoken = [(said.waveform, text) for said, text in pairs if isinstance(said, Speech)]
    if not spoken:
        failed = next((a for a in answers if isinstance(a, SynthesisError)), None)
        raise SynthesisError(f"voice {voice!r} could not be measured: {failed or 'no passage'}")
    return spoken
