"""Where the API is, by what customers call its domain."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from PowerEmail.errors import ValidationError

VERSION = "/v1.0"


def find_root(app_domain: str) -> str:
    """Return the URL that the paths of calls are put after; raise ValidationError.

    A domain's API is at `https://api.<domain>/v1.0/`; a URL's is at its path, with or without `/v1.0`.
    """
    try:
        parts = urlsplit(app_domain if "://" in app_domain else f"https://api.{app_domain}")
        is_good = app_domain.isascii() and app_domain.isprintable() and " " not in app_domain and _is_root(parts)
    except ValueError:
        is_good = False
    if not is_good:
        # Without what was given, which may have a password in it.
        raise ValidationError("The app domain must be a domain name, or a URL that begins with https:// or http://.")
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path if path.endswith(VERSION) else path + VERSION}/"


def _is_root(parts: SplitResult) -> bool:
    has_host = bool(parts.hostname) and parts.port != 0
    return parts.scheme in {"http", "https"} and has_host and "@" not in parts.netloc and not parts.query and not parts.fragment
