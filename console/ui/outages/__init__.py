"""The window of planned outages: its calendar, its list, the outage chosen, and what is asked about it."""
