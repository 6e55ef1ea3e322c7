"""Where a pipe lies and how to get there; what a burst's location predicts; gauge readings that weigh its candidates."""
