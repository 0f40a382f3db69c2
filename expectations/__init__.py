"""Great Expectations suites, one YAML a table, and the gates that run them on the engine."""
