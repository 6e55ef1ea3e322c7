"""Review of a case, away from the store: the record, what was known when, and the answers reviewers ask for.

record: CaseRecord, Tracks, Sent; notes: ReviewNotes; states: incident and alarms over time; collect: from a store to a record;
replay: the picture at any time; redact: without personal data. Everything is pure; nothing here knows a file or a window.
"""
