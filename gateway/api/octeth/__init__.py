"""Octeth's Email Gateway: `/api/v1/`."""
