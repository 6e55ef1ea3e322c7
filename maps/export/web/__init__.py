"""Offline web pages: one HTML file that loads nothing from a network.

- ``network_map``, ``legend``: the map of the network, of a plan and of candidates.
- ``case_map``: the map of a case with a time slider, as part of a page (script: ``case_map.js``).
- ``offline_page``: a folium page with Leaflet and jQuery inlined.
- ``escaping``, ``polylines``: text put into a page; coordinates as short text.

folium is slow to load: import these modules only where a page is written. Not here: wording (``console.documents``).
"""
