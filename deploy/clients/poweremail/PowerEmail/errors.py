"""What can go wrong with a call.

    Error
    ├── ValidationError        a parameter is missing or wrong: mend it
    ├── AuthenticationError    owner id and token do not match, or may not do this
    ├── GeneralError           the server cannot now: try later
    ├── NetworkError           no answer came: the connection failed, broke, or took too long
    └── UnexpectedAnswer       something answered, but not as the API does

The first three are the API's own, told by the `name` in its answer; a name that is none of theirs is a plain Error.
"""

from __future__ import annotations


class Error(Exception):
    """Any fault of a call. `str(error)` is a sentence for people: where the server refused, its own."""

    name: str = ""  # as the server has it
    code: int | None = None  # as the server has it
    status: int | None = None  # of HTTP; None where no answer came
    retry_after: float | None = None  # seconds, where the server said when to come back


class ValidationError(Error):
    """The parameters passed to the API call are invalid or not provided when required."""


class AuthenticationError(Error):
    """Provided owner_id and token was not matched."""


class GeneralError(Error):
    """An unexpected errors occurred processing the request."""


class NetworkError(Error):
    """No answer came."""

    may_have_arrived: bool = False  # the request was on its way already: the server may have done what it asks


class UnexpectedAnswer(Error):
    """What answered was not the API: a proxy's page, a redirect, a wrong address."""


InvalidKeyError = AuthenticationError  # as older clients call it

KINDS: dict[str, type[Error]] = {
    "ValidationError": ValidationError,
    "AuthenticationError": AuthenticationError,
    "GeneralError": GeneralError,
    "Invalid_Key": InvalidKeyError,
}
