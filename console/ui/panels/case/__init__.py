"""The case column, top to bottom: evidence, location, plan, people, response, notice."""
