"""Handing out bytes that strangers wrote: always as a download, never as a page of ours."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.utils.http import content_disposition_header

_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069/\\]+")


def give_file(content: bytes, filename: str, content_type: str = "") -> HttpResponse:
    """Return a download. The name loses what could act as a path, a header or a reversal of its reading direction."""
    kind = content_type.partition(";")[0].strip().lower()
    response = HttpResponse(content, content_type=kind if _TYPE.fullmatch(kind) else "application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition_header(True, fit_name(filename)) or "attachment"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def fit_name(filename: str) -> str:
    """Return a file's name without control characters, separators and direction marks, at most 120 characters long."""
    name = _UNFIT.sub("_", filename.encode("utf-8", "replace").decode()).strip(". ")
    return name[-120:] or "file"
