"""Widgets: the Python half of each live picture of a session; see ``Session.flow`` and its neighbours."""
