"""The HTTP doors: one folder per dialect, all of one shape, on the view of base.py."""
