"""Panels beside and over the map: layers, legend, tools, identify card, trace, what-if."""
