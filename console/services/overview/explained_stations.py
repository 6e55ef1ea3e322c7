"""Which stations a running case explains: they are shown as part of the case. All others keep their alarm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import Evidence
from console.domain.incidents import Incident
from console.domain.limits import Limits
from console.domain.readings import CHANNEL_BY_NAME, Channel
from maps.columns import Floats

_NOISE_KPA = 5.0
"""Scatter of good stations and error of the usual value: a deviation may differ by it from what the burst makes of it."""
_NOISE_SHARE = 0.02
"""The same for channels without a pressure's scale, as a share of the usual value."""
_MODEL_FACTOR = 2.0
"""So many times the signature is still the same burst: the fitted flow is an estimate, never a fact."""


def explained_stations(
    incidents: Iterable[Incident],
    station_rows: Mapping[str, int],
    value: Floats,
    expected: Floats,
    limits: Limits,
) -> NDArray[np.bool_]:
    """Stations that a running case explains, (stations,).

    A case explains a station when all of this holds:

    - the station is evidence of the case, and no other channel of it is;
    - its deviation now has the sign that the burst gives it, or none beyond noise: pressure falls, a flow changes as it did when
      the case was found (detection takes only changes that lead water to the burst's zone);
    - it is not larger than the burst makes it: than the outlook's prediction for any of the first candidates, times
      ``_MODEL_FACTOR`` and plus noise; without a prediction, than the deviation that the case was found by;
    - it had not deviated beyond that when the case was found;
    - no channel of the station breaks its limit.

    ``value``, ``expected``, ``limits``: (stations, channels), inside units, NaN unknown. A station without a value now is not
    explained: nothing shows that it still does what the burst would do.
    """
    found = np.zeros(len(value), dtype=bool)
    for incident in incidents:
        if not incident.is_open():
            continue
        predicted = _predicted(incident)
        channels_of: dict[str, set[str]] = {}
        for item in incident.evidence:
            channels_of.setdefault(item.station_id, set()).add(item.channel)
        for item in incident.evidence:
            row, channel = station_rows.get(item.station_id), CHANNEL_BY_NAME.get(item.channel)
            if row is None or channel is None or len(channels_of[item.station_id]) > 1:
                continue
            if np.any(
                (value[row] < limits.low[row]) | (value[row] > limits.high[row])
            ):  # of few rows: this runs for each picture
                continue
            signature = predicted.get(item.station_id, ()) if channel is Channel.PRESSURE else ()
            now = float(value[row, channel] - _usual(item, float(expected[row, channel])))
            found[row] = found[row] or (_agrees(item, channel, signature, now) and _agrees(item, channel, signature))
    return found


def _predicted(incident: Incident) -> dict[str, tuple[float, ...]]:
    """What a burst on each of the first candidates makes of a station, kPa, by station; empty without a hydraulic model."""
    outlook = incident.outlook
    if outlook is None:
        return {}
    columns = [one.deviations_kpa for one in outlook.predictions]
    return {name: tuple(column[index] for column in columns) for index, name in enumerate(outlook.station_ids)}


def _usual(item: Evidence, expected: float) -> float:
    """The value without the burst: the expected one, which follows the hour, else what the case was found against."""
    return expected if np.isfinite(expected) else item.expected


def _agrees(item: Evidence, channel: Channel, signature: tuple[float, ...], now: float | None = None) -> bool:
    """Whether a deviation (that of the evidence by default) has the sign and size of the burst's signature."""
    deviation = item.deviation if now is None else now
    if not np.isfinite(deviation):
        return False
    sign = -1.0 if channel is Channel.PRESSURE else float(np.sign(item.deviation))
    noise = _NOISE_KPA if channel is Channel.PRESSURE else _NOISE_SHARE * abs(item.expected)
    expected_size = max((sign * one for one in signature), default=sign * item.deviation)
    if expected_size <= 0.0:  # the burst moves this station the other way, or not at all
        return False
    return -noise <= sign * deviation <= _MODEL_FACTOR * expected_size + noise
