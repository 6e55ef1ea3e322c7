"""Tones of alarms, computed: more pulses, a higher pitch and a faster beat the more pressing the alarm is.

The pattern (pulses with soft edges and a few harmonics, their number by priority) follows the practice of audible alarms; pitches
and times are this program's own.
"""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import Priority

RATE_HZ = 44_100
_EDGE_S = 0.015
_HARMONICS = (1.0, 0.45, 0.25, 0.12)
"""Weights of the fundamental and its multiples: a pure sine is hard to locate in a room and easily masked by noise."""


@dataclass(frozen=True, slots=True)
class Tone:
    """``pitches_hz``: one a pulse, 0 for a rest as long as a pulse; ``level``: loudness against the loudest tone, 0–1."""

    pitches_hz: tuple[float, ...]
    pulse_s: float
    gap_s: float
    level: float


TONES = {
    Priority.CRITICAL: Tone((784.0, 988.0, 784.0, 0.0, 784.0, 988.0), 0.13, 0.05, 1.0),
    Priority.HIGH: Tone((698.0, 698.0, 698.0), 0.16, 0.09, 0.85),
    Priority.MEDIUM: Tone((587.0, 494.0), 0.20, 0.12, 0.65),
    Priority.LOW: Tone((440.0,), 0.25, 0.0, 0.45),
}


def samples(priority: Priority, volume: float) -> NDArray[np.int16]:
    """One tone as mono samples at ``RATE_HZ``; ``volume`` 0–1. Nothing is clipped."""
    tone = TONES[priority]
    parts: list[NDArray[np.float64]] = []
    for pitch in tone.pitches_hz:
        parts += [_pulse(pitch, tone.pulse_s), np.zeros(round(tone.gap_s * RATE_HZ))]
    loudness = min(max(volume, 0.0), 1.0) * tone.level
    return np.asarray(np.concatenate(parts) * loudness * np.iinfo(np.int16).max, dtype=np.int16)


def wav(priority: Priority, volume: float) -> bytes:
    """One tone as a WAV file (PCM, 16 bit, mono)."""
    into = io.BytesIO()
    with wave.open(into, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples(priority, volume).astype("<i2").tobytes())
    return into.getvalue()


def _pulse(pitch_hz: float, seconds: float) -> NDArray[np.float64]:
    """One pulse within ±1, rising and falling softly: a hard edge is heard as a click."""
    count = round(seconds * RATE_HZ)
    at = np.arange(count) / RATE_HZ
    wave_ = sum(weight * np.sin(2 * np.pi * pitch_hz * (order + 1) * at) for order, weight in enumerate(_HARMONICS))
    edge = np.minimum(np.minimum(at, at[::-1]) / _EDGE_S, 1.0)
    return np.asarray(wave_ * edge / sum(_HARMONICS), dtype=np.float64)
