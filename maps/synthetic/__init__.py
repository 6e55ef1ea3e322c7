"""Generator of synthetic cities of any size: build_city(SyntheticOptions(...)) -> City. See README.md beside this file."""

from maps.synthetic.build import build_city
from maps.synthetic.options import MODEL_LIMIT, SyntheticOptions

__all__ = ["MODEL_LIMIT", "SyntheticOptions", "build_city"]
