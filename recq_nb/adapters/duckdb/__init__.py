"""DuckDB behind the ports: one file, or memory, that also serves the user's own SQL."""
