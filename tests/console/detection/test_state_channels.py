"""Operations from state channels: noise, late samples and first samples are none."""

from __future__ import annotations

import numpy as np
import pytest

from console.detection.state_channels import SwitchWatch
from console.domain.readings import Channel
from tests.builders import a_network

CITY = a_network().source("R").pipe("P", "R", "A").pump("PU", "A", "B").station("S", at="A").station("L", on="PU").build()


def told(channel: Channel, values: list[float], station: int = 0) -> list[tuple[int, str, str, bool]]:
    """(tick, kind, asset, stopped) of the findings in one channel's samples; NaN: no sample at that tick."""
    watch, found = SwitchWatch(CITY), []
    for tick, sample in enumerate(values):
        value = np.full((2, len(Channel)), np.nan)
        value[station, channel] = sample
        found += [(tick, o.kind, o.pump_id, o.stopped) for o in watch.tick(value, np.isfinite(value), tick * 60_000_000)]
    return found


def test_a_pump_is_named_by_its_own_id_and_by_the_stations_elsewhere() -> None:
    assert told(Channel.PUMP_ON, [1, 1, 0, 0, 1], station=1) == [(2, "pump", "PU", True), (4, "pump", "PU", False)]
    assert told(Channel.PUMP_ON, [1, np.nan, 0]) == [(2, "pump", "S", True)]


@pytest.mark.parametrize(("channel", "kind"), [(Channel.VALVE_POSITION, "valve"), (Channel.SETPOINT, "setpoint")])
def test_a_changed_setting_is_named_once(channel: Channel, kind: str) -> None:
    assert told(channel, [50.0, 50.2, 49.9, 30.0, 30.1]) == [(3, kind, "S", False)]
    assert told(channel, [0.0, 0.0, 1.0]) == [(2, kind, "S", False)]


def test_a_tank_that_begins_to_fill_is_named_at_its_third_rise() -> None:
    falling, rising = [3.0, 2.9, 2.8, 2.7], [2.8, 2.9, 3.0, 3.1]
    assert told(Channel.LEVEL, [*falling, *rising]) == [(6, "tank_filling", "S", False)]
    assert told(Channel.LEVEL, [2.0, 2.1, 2.2, 2.3, 2.4]) == []
    assert told(Channel.LEVEL, [2.0, 2.004, 1.999, 2.003, 2.0, 2.004]) == []
