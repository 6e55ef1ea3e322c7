"""Documents of the console: notice texts, CAP 1.2, JSON, PDF, words of the web map.

NoticeDocuments: the port ``Documents`` of the services; DocumentFault: its files could not be written.
remarks.remarks: rules that a notice misses. map_words.map_words: the web map's words in one language.
"""

from console.documents.notices import DocumentFault, NoticeDocuments

__all__ = ["DocumentFault", "NoticeDocuments"]
