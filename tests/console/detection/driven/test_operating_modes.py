"""Operating modes: exact combinations where they are few, groups of similar ones where a city has thousands."""

from __future__ import annotations

import numpy as np

from console.detection.driven.operating_modes import OperatingModes


def test_each_of_few_combinations_is_a_mode_and_one_never_seen_is_the_last() -> None:
    seen = np.array([[True, False]] * 500 + [[True, True]] * 400 + [[False, False]] * 100)
    modes = OperatingModes(seen)
    found = modes.of(np.array([[True, False], [True, True], [False, False], [False, True]]))
    assert len(set(found.tolist())) == 4
    assert found[3] == len(modes)


def test_thousands_of_combinations_become_a_few_groups_that_keep_unlike_ones_apart() -> None:
    random = np.random.default_rng(1)
    # By day most of 40 pumps run, at night few; hardly two ticks have the same ones.
    share = np.where(np.arange(4000) % 2 == 0, 0.9, 0.1)
    seen = random.random((4000, 40)) < share[:, None]
    modes = OperatingModes(seen)
    found = modes.of(seen)
    assert len(modes) <= 8
    assert found.max() < len(modes)
    assert not set(found[::2].tolist()) & set(found[1::2].tolist())


def test_a_combination_never_seen_joins_the_nearest_group() -> None:
    random = np.random.default_rng(2)
    seen = random.random((3000, 30)) < np.where(np.arange(3000) % 2 == 0, 0.9, 0.1)[:, None]
    modes = OperatingModes(seen)
    assert modes.of(np.ones((1, 30), dtype=bool))[0] in set(modes.of(seen)[::2].tolist())
