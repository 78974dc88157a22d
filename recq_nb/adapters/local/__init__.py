"""Adapters that need nothing but this process: its clock, its ids, its message transport."""
