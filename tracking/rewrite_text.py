"""Where the web addresses stand in plain text: as far as a reader would take them to go."""

from __future__ import annotations

import re

from tracking.rewrite_urls import Found, Span, read_target

# Ends at white space, at brackets and quotes that no URL has (RFC 3986, appendix C), at East Asian punctuation.
_URL = re.compile(
    r'(?<![A-Za-z0-9+.-])https?://[^\s<>"\x00-\x1f\x7f“”‘’«»…\u2018-\u201f\u3000-\u303f\uff00-\uffef]+', re.IGNORECASE
)
_TRAILING = frozenset(".,;:!?'*_~|`")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_ARMOUR = "-----BEGIN PGP "  # RFC 4880, 6.2


def find_in_text(text: str) -> Found:
    """Return the web addresses of a plain text."""
    spans = (_read(match) for match in _URL.finditer(text))
    return Found(spans=tuple(span for span in spans if span is not None), end=len(text))


def is_armoured(text: str) -> bool:
    """Tell whether somebody signed or encrypted a text by itself, so that any change would break it."""
    return _ARMOUR in text


def _read(match: re.Match[str]) -> Span | None:
    url = match[0]
    end = _find_end(url)
    target = read_target(url[:end])
    return Span(begin=match.start(), end=match.start() + end, target=target) if target else None


def _find_end(url: str) -> int:
    """Return where `url` ends without the punctuation of the sentence, and without brackets that open before it."""
    unopened = {close: url.count(close) - url.count(opening) for close, opening in _PAIRS.items()}
    end = len(url)
    while end:
        last = url[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return end
