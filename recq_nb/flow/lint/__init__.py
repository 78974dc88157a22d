"""Lint: rules about models, each with the reason and the remedy."""
