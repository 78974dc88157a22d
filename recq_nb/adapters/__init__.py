"""Adapters: the world behind the ports. Only the composition root chooses among them."""
