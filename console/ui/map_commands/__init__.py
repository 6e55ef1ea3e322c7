"""Commands on the map of one window: identify, select, bookmarks, coordinates, pictures, tiles, flows and further map windows."""
