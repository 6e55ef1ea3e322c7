"""Documents of the console: notice texts, CAP 1.2, JSON, PDF, words of the web map.

- ``NoticeDocuments``: the port ``Documents`` of the services; ``DocumentFault``: its files could not be written.
- ``remarks.remarks``: rules that a notice does not meet. ``map_words.map_words``: the web map's words in one language.
- ``report``: the report of a case or a month; ``case_tables``, ``case_layers``: a case as tables and map layers.
"""

from console.documents.notices import DocumentFault, NoticeDocuments

__all__ = ["DocumentFault", "NoticeDocuments"]
