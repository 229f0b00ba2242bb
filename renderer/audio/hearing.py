"""What several metrics need of one sound, each made on first use and once.

Speech, pauses, the short-time spectrum and the pitch of a take are wanted by many metrics.
`Hearing` holds them, so that a sound is cut into frames, transformed and tracked one time.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from renderer.audio.spectrum import Spectrum, power_frames
from renderer.audio.waveform import Samples, Waveform

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FRAME_S = 0.01
WINDOW_S = 0.03  # at least; the next power of two of samples
ANALYSIS_RATE = 16_000
NOTHING = 10 ** (-10.5)  # mean square, −105 dBFS: digital silence; 16 bits of dither are −93 dBFS
PAUSE = 10  # frames a pause lasts at least: softer moments inside words are shorter
LEAST_PAUSE = 20  # frames of pause in all: less may be one hiss in a word without any pause
BAND_HZ = 250.0
DEEP = 1000.0  # loud frames × a pause: no hiss of a word is that soft
MISSING = 0.25  # × a pause's power in a band: what is not there under the speech
MOST_EMPTY = 0.2  # of the bands
FAR_UNDER = 0.1  # × a pause: steady noise has no frame that soft
FEW = 3  # frames
STEADY_DB = 4.0  # standard deviation of a pause's frame levels; speech that dies away has more
SAME_FLOOR = 2.0  # × the lowest pause: still the same noise
EDGE = 4.0  # × the lowest pause: a frame in which speech begins or ends
ABOVE_NOISE = 2.0  # × the noise: speech
HUM_TOLERANCE = 0.02  # of 50 or 60 Hz
BELOW_LOUD = 10**-3.5  # × the loud frames: softer is no speech, whatever the noise
LEAST_SPOKEN = 10  # frames; with less there is no level, no spectrum, no voice to speak of
CANDIDATES = 5  # of Praat's 15: the same path on speech, in three quarters of the time
PITCH_FLOOR_HZ, PITCH_CEILING_HZ = 60.0, 700.0


class Hearing:
    """One sound, and what metrics share of it.

    Args:
        waveform: Any length and rate. Samples that are no number count as zero: whoever must know
            asks before.
    """

    def __init__(self, waveform: Waveform) -> None:
        samples = np.nan_to_num(waveform.samples, nan=0.0, posinf=0.0, neginf=0.0)
        mean = samples.mean(dtype=np.float64) if samples.size else 0.0
        self.rate = waveform.sample_rate
        self.hop = max(1, round(FRAME_S * self.rate))
        self.samples: Samples = np.asarray(samples - mean, dtype=np.float32)

    @cached_property
    def frame_power(self) -> Floats:
        """Mean square of consecutive frames of 10 ms, float64 (⌊T / hop⌋,), offset taken out."""
        whole = self.samples[: self.samples.size // self.hop * self.hop].reshape(-1, self.hop)
        return np.asarray(np.einsum("ij,ij->i", whole, whole, dtype=np.float64) / self.hop)

    @cached_property
    def is_sounding(self) -> Mask:
        """Frames that are not constant, bool (frames,): an offset is still digital silence."""
        whole = self.samples[: self.samples.size // self.hop * self.hop].reshape(-1, self.hop)
        return np.asarray(whole.var(axis=1) > NOTHING)

    @cached_property
    def is_pause(self) -> Mask:
        """Frames of the noise floor, bool (frames,): none where nothing is found that is one.

        A pause is a stretch of 0.1 s that is steady and about as soft as the softest such stretch.
        Digital silence is no pause: there is no floor to measure in it.
        """
        power = self.frame_power
        is_pause = np.zeros(power.size, dtype=bool)
        if power.size < PAUSE:
            return is_pause
        windows = np.lib.stride_tricks.sliding_window_view(power, PAUSE)
        is_worth = self.is_sounding & ~self._is_voiced(power.size)
        has_floor = np.lib.stride_tricks.sliding_window_view(is_worth, PAUSE).min(axis=1)
        spread = (10 * np.log10(np.maximum(windows, NOTHING))).std(axis=1)
        level = np.where(has_floor & (spread < STEADY_DB), windows.mean(axis=1), np.inf)
        floor = float(level.min())
        if np.isfinite(floor):
            for start in np.flatnonzero(level <= SAME_FLOOR * floor):
                is_pause[start : start + PAUSE] = True
            is_pause[power > EDGE * floor] = False
        if np.count_nonzero(is_pause) < LEAST_PAUSE or not self._is_under_all(is_pause):
            is_pause[:] = False
        return is_pause

    def _is_under_all(self, is_pause: Mask) -> bool:
        """Whether what is in the pauses is everywhere, as a noise floor is.

        A hiss in a word without any pause is not: closures and ends are far softer than it, and
        vowels leave its band empty.
        """
        count = len(self.power)
        floor = float(self.frame_power[is_pause].mean())
        softer = self.is_sounding & (self.frame_power < FAR_UNDER * floor)
        if np.count_nonzero(softer) > FEW:
            return False
        loud = self.frame_power > 10 * floor
        is_deep = float(np.quantile(self.frame_power, 0.95)) > DEEP * floor
        if is_deep or np.count_nonzero(loud) < LEAST_SPOKEN:
            return True
        width = max(1, round(BAND_HZ / float(self.hz[1])))
        bands = self.power[:, : (self.power.shape[1] // width) * width]
        bands = bands.reshape(count, -1, width).mean(axis=2)
        quiet = np.quantile(bands[loud[:count]], 0.1, axis=0)
        empty = quiet < MISSING * bands[is_pause[:count]].mean(axis=0)
        return bool(empty.mean() < MOST_EMPTY)

    def _is_voiced(self, count: int) -> Mask:
        """Frames with a voice in them, bool (count,); the multiples of mains hum are none."""
        f0, times_s = self.f0, self.pitch_times_s
        voiced = np.zeros(count, dtype=bool)
        near = [np.abs(f0 / hz - np.round(f0 / hz)) < HUM_TOLERANCE for hz in (50.0, 60.0)]
        at = (times_s[(f0 > 0) & ~near[0] & ~near[1]] / FRAME_S).astype(int)
        voiced[at[at < count]] = True
        return voiced

    @cached_property
    def noise_power(self) -> float | None:
        """Mean square of the pauses, or None without any."""
        return float(self.frame_power[self.is_pause].mean()) if self.is_pause.any() else None

    @cached_property
    def is_speech(self) -> Mask:
        """Frames of speech, bool (frames,): above the noise, and not 35 dB below the loud ones."""
        power = self.frame_power
        if power.size == 0:
            return np.zeros(0, dtype=bool)
        loud = float(np.quantile(power, 0.95))
        least = max(ABOVE_NOISE * (self.noise_power or 0.0), BELOW_LOUD * loud, NOTHING)
        return np.asarray((power > least) & ~self.is_pause)

    @property
    def has_speech(self) -> bool:
        """Whether there are 0.1 s of speech, the least for a level or a spectrum."""
        return int(np.count_nonzero(self.is_speech)) >= LEAST_SPOKEN

    @cached_property
    def n_fft(self) -> int:
        """Samples per window of the short-time spectrum."""
        return 1 << int(np.ceil(np.log2(WINDOW_S * self.rate)))

    @cached_property
    def power(self) -> Spectrum:
        """Power spectrum of windows at the frames' middles, float32 (frames, n_fft // 2 + 1)."""
        spectra = power_frames(self.samples[self.hop // 2 :], self.n_fft, self.hop)
        return spectra[: self.frame_power.size]

    @cached_property
    def hz(self) -> Floats:
        """Frequency of each bin of `power`, Hz."""
        return np.asarray(np.arange(self.n_fft // 2 + 1) * (self.rate / self.n_fft))

    @cached_property
    def speech_power(self) -> Spectrum:
        """Power spectra of the frames of speech, float32 (frames of speech, bins)."""
        return np.asarray(self.power[self.is_speech[: len(self.power)]])

    @cached_property
    def pause_spectrum(self) -> Spectrum | None:
        """Mean power spectrum of the pauses' inner frames, float32 (bins,), or None."""
        reach = 2 * (self.n_fft // (2 * self.hop)) + 1
        share = uniform_filter1d(self.is_pause.astype(np.float64), reach, mode="nearest")
        inner = self.power[(share > 1 - 1e-9)[: len(self.power)]]
        return np.asarray(inner.mean(axis=0)) if len(inner) else None

    @cached_property
    def analysis(self) -> Waveform:
        """The sound at 16 kHz at most, where a voice has all its periods."""
        sound = Waveform(self.samples, self.rate)
        if self.rate <= ANALYSIS_RATE or self.samples.size == 0:
            return sound
        import soxr

        return Waveform.of(soxr.resample(self.samples, self.rate, ANALYSIS_RATE), ANALYSIS_RATE)

    @cached_property
    def praat_sound(self) -> Any | None:  # noqa: ANN401 - parselmouth is untyped
        """The analysis sound as Praat has it; None when it is too short or silent for a pitch."""
        sound = self.analysis
        too_short = sound.duration_s < 3.0 / PITCH_FLOOR_HZ + FRAME_S
        if too_short or not np.any(np.square(sound.samples) > NOTHING):
            return None
        import parselmouth

        return parselmouth.Sound(sound.samples.astype(np.float64), float(sound.sample_rate))

    @cached_property
    def pitch(self) -> Any | None:  # noqa: ANN401 - parselmouth is untyped
        """Praat's pitch by autocorrelation every 10 ms, 60 to 700 Hz, or None."""
        if self.praat_sound is None:
            return None
        return self.praat_sound.to_pitch_ac(
            time_step=FRAME_S,
            pitch_floor=PITCH_FLOOR_HZ,
            pitch_ceiling=PITCH_CEILING_HZ,
            max_number_of_candidates=CANDIDATES,
        )

    @cached_property
    def f0(self) -> Floats:
        """F0 of each of the pitch's frames, Hz, 0 where unvoiced; empty without a pitch."""
        if self.pitch is None:
            return np.zeros(0)
        return np.asarray(self.pitch.selected_array["frequency"], dtype=np.float64)

    @cached_property
    def pitch_times_s(self) -> Floats:
        """Middle of each of the pitch's frames, seconds."""
        return np.zeros(0) if self.pitch is None else np.asarray(self.pitch.xs(), dtype=np.float64)

    @cached_property
    def points(self) -> Any | None:  # noqa: ANN401 - parselmouth is untyped
        """Praat's points of the voice's periods, by cross-correlation, or None without a pitch."""
        if self.pitch is None:
            return None
        from parselmouth.praat import call

        return call([self.praat_sound, self.pitch], "To PointProcess (cc)")
