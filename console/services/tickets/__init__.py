"""Tickets of callers: places, matching by hydraulic area, what is read out, intents, callbacks, clusters, figures.

``places.CallerPlaces``: which customers and pipes a place means. ``matching.match``: whether a running case covers them.
"""
