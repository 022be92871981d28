"""Finding messages by what people paste into a search box, by way of the indexes there are.

Ids are looked up in full. Addresses and words have no index of their own, so they are looked for in the latest messages only.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Account
from gateway.models import Message, Recipient, parse_inbound_id

MOST_SEARCHED = 10_000  # of the latest messages, for addresses, words and states


def find_messages(messages: QuerySet[Message], words: str) -> QuerySet[Message]:
    """Return those of `messages` that `words` names: a public id, a messageId or emailId, an X-Unique-Id, an address of a
    recipient or the sender (whole or in part, with an @), or words of the subject.
    """
    words = words.strip().replace("\0", "")
    if not words:
        return messages
    public_id = parse_uuid(words)
    if public_id is not None:
        return messages.filter(public_id=public_id)
    key = parse_inbound_id(words)
    if key is not None and key < 1 << 63:
        return messages.filter(pk=key)
    # The index begins with the account: naming all accounts lets an operator's search, which has none, use it as well.
    named = messages.filter(unique_id=words, account__in=Account.objects.values("pk"))
    if named.exists():
        return named
    return latest(messages).filter(_about(words))


def latest(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Return the latest MOST_SEARCHED of `messages`, by public id: it begins with the time, which a primary key does not."""
    newest_first = messages.order_by("-public_id").values_list("public_id", flat=True)
    oldest = list(newest_first[MOST_SEARCHED - 1 : MOST_SEARCHED])
    return messages.filter(public_id__gte=oldest[0]) if oldest else messages


def with_recipient(**conditions: Any) -> Exists:
    """Return the condition that a message has a recipient of that kind."""
    return Exists(Recipient.objects.filter(message=OuterRef("pk"), **conditions))


def parse_uuid(text: str) -> UUID | None:
    """Return a UUID in any of its usual spellings, None when `text` is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _about(words: str) -> Q:
    if "@" not in words:
        return Q(subject__icontains=words)
    return Q(sender__icontains=words) | Q(subject__icontains=words) | Q(with_recipient(email__icontains=words))
