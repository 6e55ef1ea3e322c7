"""What the map shows of the pipe network: pipes and their themes, links, facilities, symbols, names."""
