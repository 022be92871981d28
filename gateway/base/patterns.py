"""Pieces of regular expressions."""

from __future__ import annotations

from typing import Final

_NOTHING: Final = "(?!)"  # matches nowhere


def possessive(pattern: str, times: str = "*") -> str:
    """Return `pattern` as a group that is repeated (`times`: `*`, `+` or `?`) as often as it matches, and gives nothing back.

    So does `(?:...)*+` since Python 3.11.5. Before, what its last try had read when it failed was taken for matched (cpython
    issue 106052): `(?:ab?c)*+` found all of `aca`. A try that ends with an alternative that fails at once begins there again.
    """
    return f"(?:{pattern}|{_NOTHING}){times}+"
