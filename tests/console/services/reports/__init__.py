"""Event level of a case and its reports to the authorities."""
