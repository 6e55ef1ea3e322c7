"""What leaves the network library as files: the offline web map and GeoJSON.

web_map: write_web_map, web_map_html, WebMapOptions; legend: MapWords; geojson: city_geojson, plan_geojson, write_geojson.
folium is imported with ``maps.export.web_map`` only: it is slow to load.
"""
