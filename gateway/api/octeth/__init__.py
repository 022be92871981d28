"""Octeth's Email Gateway: `/api/v1/`, and the commands of `/api.php`."""
