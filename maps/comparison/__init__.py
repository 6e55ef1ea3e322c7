"""Two versions of a city dataset: ``compare`` them, keep what checks on site say, accept the newer one wholly or in parts.

``differences``: by asset id; ``field_states``: later checks of valves; ``acceptance``: a version without the rejected parts.
"""

from __future__ import annotations

from maps.comparison.acceptance import Part, accepted, parts_of
from maps.comparison.differences import Change, LayerDifference, compare
from maps.comparison.field_states import with_field_states

__all__ = ["Change", "LayerDifference", "Part", "accepted", "compare", "parts_of", "with_field_states"]
