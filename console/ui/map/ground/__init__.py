"""What lies under the pipes: tiles, land and water, the interpolated pressure surface."""
