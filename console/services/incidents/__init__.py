"""A case from opening to closing: judging, plan, isolation evidence, dismissal, undo; and its outgoing messages."""
