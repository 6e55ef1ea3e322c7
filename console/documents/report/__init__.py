"""The report of a case and of a month: blocks of content, rendered as an HTML page or as PDF."""
