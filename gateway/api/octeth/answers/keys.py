"""The keys of sender domains as the commands show them."""

from __future__ import annotations

from domains.models import APIKey
from gateway.api.octeth.answers.base import Done, Part

STARS = "*" * 12


class Key(Part, kw_only=True, frozen=True):
    """A key. Its secret is whole in the answer that made it, elsewhere its beginning and asterisks (decision 5)."""

    key_id: str
    api_key_id: str
    domain_id: str
    user_id: str  # the account
    key: str
    api_key: str
    permissions: str
    description: str
    status: str
    creation_date: str
    created_at: str
    last_used_date: str  # empty: it never was
    options: dict[str, str]


class KeyAdded(Done, kw_only=True, frozen=True):
    new_api_key_id: str
    api_key: Key


class KeyList(Done, kw_only=True, frozen=True):
    api_keys: list[Key]


def show(key: APIKey, secret: str = "") -> Key:
    shown = secret or f"{key.secret_prefix}{STARS}"
    created = f"{key.created_at:%Y-%m-%d %H:%M:%S}"
    return Key(
        key_id=str(key.pk),
        api_key_id=str(key.pk),
        domain_id=str(key.domain_id),
        user_id=str(key.account_id),
        key=shown,
        api_key=shown,
        permissions="send",
        description=key.description,
        status="Enabled",
        creation_date=created,
        created_at=created,
        last_used_date=f"{key.used_at:%Y-%m-%d %H:%M:%S}" if key.used_at else "",
        options={},
    )
