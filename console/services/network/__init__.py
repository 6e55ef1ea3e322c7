"""Network analysis without a case: isolation requests, all segments, traces, what-if plans, pressures after closing."""
