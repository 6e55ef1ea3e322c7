"""Tests on metered flows: DMA and pressure zone balances, PRVs, pumps, open boundary valves."""
