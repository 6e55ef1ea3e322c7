"""Estimates the roughness of pipes from material and age.

Hazen-Williams C of new pipes: Rossman, EPANET 2.2 User Manual, table 3.2 (cast iron 130-140, concrete 120-140,
galvanised iron 120, plastic 140-150, steel 140-150). Ageing of unlined cast iron and steel, C down to about 100 after 30
and 75 after 60 years: Lamont, "Common pipe flow formulas compared with the theory of roughness", J. AWWA 73 (1981),
rounded. Darcy-Weisbach (mm) and Manning values: the same table of the EPANET manual.
"""

from __future__ import annotations

import numpy as np

from maps.columns import Floats, Ints, Texts

_KINDS = (
    # words in the material column, C new, C lost per year, lowest C, Darcy-Weisbach mm, Manning n
    (("PE", "PVC", "HDPE", "PP", "GRP", "塑"), 145.0, 0.1, 135.0, 0.0015, 0.011),
    (("DI", "DUCTILE", "球墨"), 135.0, 0.25, 115.0, 0.1, 0.012),
    (("CI", "CAST", "GREY", "GRAY", "灰口", "铸铁"), 125.0, 0.85, 70.0, 0.26, 0.013),
    (("ST", "STEEL", "钢"), 135.0, 0.6, 85.0, 0.05, 0.012),
    (("GALV", "GS", "镀锌"), 120.0, 0.9, 70.0, 0.15, 0.015),
    (("CON", "PCCP", "RC", "AC", "混凝土", "水泥"), 130.0, 0.3, 110.0, 0.5, 0.013),
)
_UNKNOWN = (115.0, 0.0, 115.0, 0.3, 0.013)


def estimated_roughness(material: Texts, year_laid: Ints, headloss: str, this_year: int = 2025) -> Floats:
    """Roughness (pipes,) read by ``headloss``: H-W a coefficient, D-W millimetres, C-M Manning's n. Unknown years count as 30."""
    cache: dict[str, tuple[float, float, float, float, float]] = {}
    rows = np.array([cache.setdefault(str(text), _of_material(str(text))) for text in material], dtype=np.float64).reshape(-1, 5)
    age = np.where(year_laid > 1800, np.clip(this_year - year_laid, 0, 150), 30).astype(np.float64)
    if headloss == "D-W":
        return np.asarray(rows[:, 3] * (1.0 + age / 50.0))
    if headloss == "C-M":
        return np.asarray(rows[:, 4])
    return np.asarray(np.maximum(rows[:, 0] - rows[:, 1] * age, rows[:, 2]))


def _of_material(text: str) -> tuple[float, float, float, float, float]:
    upper = text.upper()
    for words, *values in _KINDS:
        if any(
            upper.startswith(word) or (len(word) > 2 and word in upper) or (not word.isascii() and word in text) for word in words
        ):
            return (values[0], values[1], values[2], values[3], values[4])
    return _UNKNOWN
