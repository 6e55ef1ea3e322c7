"""Services: what users and the outside world do to cases, alarms, notices and crews, as pure functions."""
