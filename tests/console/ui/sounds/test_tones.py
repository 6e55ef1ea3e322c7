"""Tones by priority: pitches as stated (against a spectrum), soft edges, never clipped, a file that a reader takes."""

from __future__ import annotations

import io
import wave
from itertools import pairwise

import numpy as np
import pytest

from console.domain.alarms import Priority
from console.ui.sounds.tones import RATE_HZ, TONES, samples, wav


@pytest.mark.parametrize("priority", list(Priority))
def test_each_pulse_has_its_pitch_and_soft_edges(priority: Priority) -> None:
    tone, made = TONES[priority], samples(priority, 1.0).astype(float)
    pulse, period = round(tone.pulse_s * RATE_HZ), round(tone.pulse_s * RATE_HZ) + round(tone.gap_s * RATE_HZ)
    assert np.abs(made).max() <= np.iinfo(np.int16).max * tone.level
    for number, pitch in enumerate(tone.pitches_hz):
        part = made[number * period : number * period + pulse]
        if not pitch:
            assert not part.any()
            continue
        assert abs(part[0]) < 50
        assert abs(part[-1]) < 50
        spectrum = np.abs(np.fft.rfft(part, 1 << 17))
        assert np.argmax(spectrum) * RATE_HZ / (1 << 17) == pytest.approx(pitch, rel=0.01)


def test_the_more_pressing_the_louder_the_higher_and_the_more_pulses() -> None:
    tones = [TONES[priority] for priority in sorted(Priority)]
    for above, below in pairwise(tones):
        assert above.level > below.level
        assert max(above.pitches_hz) > max(below.pitches_hz)
        assert len([p for p in above.pitches_hz if p]) > len([p for p in below.pitches_hz if p])


def test_volume_scales_the_samples_and_the_file_holds_them() -> None:
    whole, half = samples(Priority.HIGH, 1.0).astype(float), samples(Priority.HIGH, 0.5).astype(float)
    assert np.abs(whole / 2 - half).max() <= 1.0
    assert not samples(Priority.HIGH, 0.0).any()
    with wave.open(io.BytesIO(wav(Priority.HIGH, 1.0))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        assert np.array_equal(np.frombuffer(file.readframes(file.getnframes()), "<i2"), samples(Priority.HIGH, 1.0))
