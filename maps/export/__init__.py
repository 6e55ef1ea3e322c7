"""Files of the network for other programs: GeoJSON, GeoPackage, KML, CSV, clips and offline web pages.

- ``geojson``: ``city_geojson``, ``plan_geojson``, ``write_geojson``; ``trace_files``: a trace and its profile.
- ``vector_files``: any layers as GeoPackage, GeoJSON or KML; ``csv_tables``: ``write_csv``.
- ``city_clip``: ``clip_city``, a part of a city as a city of its own.
- ``web``: ``network_map`` (``write_web_map``, ``web_map_html``, ``WebMapOptions``), ``case_map``; imports folium, which is slow.
"""
