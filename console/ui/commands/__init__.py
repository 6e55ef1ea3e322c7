"""From a view's wish to an intent at the port, and back: the answer or one clear line."""
