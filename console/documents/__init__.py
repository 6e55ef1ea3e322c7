"""Documents of the console: notice texts, CAP 1.2, JSON, PDF.

NoticeDocuments: the port ``Documents`` of the services; DocumentFault: its files could not be written.
"""

from console.documents.notices import DocumentFault, NoticeDocuments

__all__ = ["DocumentFault", "NoticeDocuments"]
