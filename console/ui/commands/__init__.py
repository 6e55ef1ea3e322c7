"""Commands of the window: keys, questions, dispatch of intents, search, and tools of the network."""
