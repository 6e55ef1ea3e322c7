"""How the map is drawn: levels of detail, line batches, bands, sprites, label placement. Not what is drawn."""
