"""The people of a drill. ``PeopleRoom``: callers, a crew's browser, a supervisor at a second seat."""

from console.drill.people.room import LONGEST_S, PeopleRoom

__all__ = ["LONGEST_S", "PeopleRoom"]
