"""The city as data and mathematics: a library without Qt and SQLAlchemy."""
