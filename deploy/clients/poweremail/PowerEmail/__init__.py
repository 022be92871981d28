"""PowerEmail: send mail, and hear what became of it.

    import PowerEmail

    client = PowerEmail.PowerEmail("owner_id", "token", "app_domain")
    client.sendMail("smtp12345", {"from_email": "me@example.com", "to": [{"email": "you@example.net"}], "text": "Hello"})

Errors are drawn in PowerEmail.errors, what calls answer in PowerEmail.answers.
"""

from __future__ import annotations

from PowerEmail.client import PowerEmail
from PowerEmail.errors import (
    AuthenticationError,
    Error,
    GeneralError,
    InvalidKeyError,
    NetworkError,
    UnexpectedAnswer,
    ValidationError,
)
from PowerEmail.version import __version__

__all__ = [
    "AuthenticationError",
    "Error",
    "GeneralError",
    "InvalidKeyError",
    "NetworkError",
    "PowerEmail",
    "UnexpectedAnswer",
    "ValidationError",
    "__version__",
]
