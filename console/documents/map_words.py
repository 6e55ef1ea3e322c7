"""Words of the web map from the catalogue, because ``maps`` does not import ``resources``."""

from __future__ import annotations

from maps.export.web.legend import MapWords
from resources.texts import Catalogue


def map_words(language: str) -> MapWords:
    """The map's words in ``zh_CN`` or ``en``."""
    catalogue = Catalogue.load(language)
    return MapWords(catalogue.section("documents.map"), catalogue.section("domain.critical"))
