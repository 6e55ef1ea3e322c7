"""How the map is drawn: levels of detail, line batches, bands, sprites, label placement. Nothing here is about water."""
