"""Wall view: the network's state beside the map, in letters that are read from across the room. It shows, it acts on nothing."""
