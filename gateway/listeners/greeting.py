"""What this installation's SMTP listeners say: the words of its brand, but for those that its settings give."""

from __future__ import annotations

from django.conf import settings

from gateway.smtp.words import Words, words_of


def own_words() -> Words:
    """Return the words of GATEPOST_BRAND, with GATEPOST_SMTP_GREETING and its siblings in the place of the usual ones."""
    usual = words_of(settings.GATEPOST_BRAND)
    return Words(
        greeting=settings.GATEPOST_SMTP_GREETING or usual.greeting,
        hello=settings.GATEPOST_SMTP_HELLO or usual.hello,
        go_ahead=settings.GATEPOST_SMTP_GO_AHEAD or usual.go_ahead,
        goodbye=settings.GATEPOST_SMTP_GOODBYE or usual.goodbye,
    )
