"""Icons are plain SVG: no script, no external resource, no text that depends on a font."""

from __future__ import annotations

from importlib.resources import files

import pytest
from lxml import etree

ICONS = sorted(file.name for file in files("resources").joinpath("icons").iterdir() if file.name.endswith(".svg"))


@pytest.mark.parametrize("name", ICONS)
def test_an_icon_is_drawn_by_itself(name: str) -> None:
    root = etree.fromstring(files("resources").joinpath("icons", name).read_bytes())
    tags = {etree.QName(element).localname for element in root.iter()}
    assert root.get("viewBox")
    assert not tags & {"script", "image", "text", "foreignObject", "use"}
    assert "href" not in etree.tostring(root).decode()
