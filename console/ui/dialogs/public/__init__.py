"""The window of the public in a case: customers told, people in need, emergency water, dispatch orders, deliveries.

``window.PublicWindow`` holds one page each (``page.Page``); ``view.PublicView`` is what they show.
"""
