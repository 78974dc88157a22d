"""Pictures as data: the application graph read from source, its renderings, and lint."""
