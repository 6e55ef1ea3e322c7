"""Review of a case without a store: the case record, its states over time, and the answers for reviewers.

record: CaseRecord, Tracks, Sent; notes: ReviewNotes; states: incident and alarms over time; collect: from a store to a record;
replay: the picture at any time; redact: without personal data. All functions are pure; no files, no Qt.
"""
