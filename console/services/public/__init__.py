"""The public and the authorities in a case: customers told, people in need, emergency water, dispatch orders.

``affected``: the customers of a case by community, building and grid; ``tellings``: who was told; ``care``: people in need and
what was done for them, with their register (``need_file``: as CSV); ``water_demand``, ``water_points``: emergency water;
``dispatch_orders``. Read models are functions; acts are intents with handlers.
"""
