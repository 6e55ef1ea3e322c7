"""Reports to the authorities (初报 续报 终报): their clocks, texts, and what was recorded as sent."""
