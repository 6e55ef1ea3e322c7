"""The program's first and last moments: the picture of the start, the question at the end, texts that a crash left over.

``splash``: fast to import, shown before anything else is loaded. ``closing``: what closing costs, and the question. ``drafts``:
text that is typed and not submitted, kept on disk. ``recovered``: the window that offers it again. ``guard``: all of it together.
"""
