"""The crew's page: orders and valve cards on a phone, answers back to the desk. See README.md.

``feed.WebFeed`` (answers), ``channel.WebChannel`` (orders fetched), ``server.WebServer`` (HTTP); needs the extra ``web``.
"""
