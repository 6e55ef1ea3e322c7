"""What the map's menu offers beside decisions about the case: identify, trace, what-if, bookmark, coordinates."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu

from console.ui.commands.network_tools import NetworkTools
from console.ui.map.view.picking import Asset
from console.ui.map_commands.map_commands import MapCommands
from console.ui.words import Words

Offer = Callable[[QMenu, Asset | None, Words], None]
"""Adds actions for an asset, or for an empty place, to a menu."""


def map_offers(tools: NetworkTools, commands: MapCommands) -> Offer:
    """Actions of the map's tools and commands."""

    def offer(menu: QMenu, asset: Asset | None, words: Words) -> None:
        menu.addSeparator()
        if asset is not None:
            menu.addAction(words("map.identify", id=asset.asset_id), lambda: commands.identify(asset))
            menu.addAction(words("map.trace_here"), lambda: tools.trace_from(asset))
            if asset.kind == "pipe":
                menu.addAction(words("map.what_if_here", id=asset.asset_id), lambda: tools.suppose_burst(asset.asset_id))
            menu.addSeparator()
        here = commands.place_under_pointer() if asset is None else (asset.x, asset.y)  # the pointer will have left for the menu
        menu.addAction(words("map.copy_place"), lambda: commands.copy_coordinates(here))
        menu.addAction(words("map.bookmark_here"), commands.ask_bookmark)

    return offer
