"""Octeth's calls: `/api/v1/` (base, email, public_*), and `/api.php` (commands) with a class for each command."""
