"""One small and one default city for all tests of this folder."""

from __future__ import annotations

import pytest

from maps.city import City
from maps.synthetic import SyntheticOptions, build_city


@pytest.fixture(scope="session")
def small_city() -> City:
    return build_city(SyntheticOptions(pipes=1000, seed=3))


@pytest.fixture(scope="session")
def demo_city() -> City:
    return build_city(SyntheticOptions())
