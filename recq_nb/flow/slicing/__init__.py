"""The part of a notebook that some of its names need, to be run elsewhere."""
