"""Position of a pipe and route to it; forecasts from a burst's location; gauge readings that reweight its candidates."""
