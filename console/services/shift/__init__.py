"""The shift: who is on duty, the log, handovers, the contact book and calls. Not: cases and alarms themselves."""
