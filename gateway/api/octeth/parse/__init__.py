"""Octeth's parameters to values."""
