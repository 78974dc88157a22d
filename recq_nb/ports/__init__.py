"""Protocols the runtime needs of the world; adapters keep them, one contract suite each."""
