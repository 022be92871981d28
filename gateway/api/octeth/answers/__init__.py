"""What Octeth's calls say: `/api/v1/` (public), and the envelope of `/api.php` in JSON or XML."""
