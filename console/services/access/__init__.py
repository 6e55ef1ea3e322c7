"""Who may do what: signing in, users, locked seats. Roles and their permissions: ``console/domain/actors.py``."""
