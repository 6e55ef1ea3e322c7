"""The city as data and mathematics; no Qt, no SQLAlchemy, usable as a library."""
