"""Dialogs: notice, why a valve cannot be closed, shelving."""
