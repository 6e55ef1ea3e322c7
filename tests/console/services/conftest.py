"""A user at the desk, before and after a judged burst."""

from __future__ import annotations

import pytest

from console.services.incidents.judging import JudgeBurst
from tests.console.services.town import Chair, a_finding

CASE = "2024-0001"


@pytest.fixture
def chair() -> Chair:
    """Nothing has happened yet."""
    return Chair()


@pytest.fixture
def judged(chair: Chair) -> Chair:
    """Case 2024-0001: found, then judged a burst on H10."""
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    return chair
