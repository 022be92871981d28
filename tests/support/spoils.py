"""Ways to spoil a mail, or the world around it, before it is sent. Each takes both and returns the mail to send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account
from domains.models import SenderDomain, SMTPUser
from gateway.base import bulk
from gateway.models import Recipient
from tests.support.cast import Tenant
from tests.support.clients import Answer, Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What may be changed before a mail of acme's is sent; `patch` is undone once it was answered."""

    acme: Tenant
    globex: Tenant
    settings: Settings
    patch: pytest.MonkeyPatch
    send: Callable[[Mail], Answer]


Spoil = Callable[[World, Mail], Mail]


def change(**fields: Any) -> Spoil:
    """Change the mail."""
    return lambda _, mail: replace(mail, **fields)


def change_user(**fields: object) -> Spoil:
    """Change the SMTP user."""

    def spoil(world: World, mail: Mail) -> Mail:
        SMTPUser.objects.filter(pk=world.acme.smtp_user.pk).update(**fields)
        return mail

    return spoil


def change_account(**fields: object) -> Spoil:
    """Change the account."""

    def spoil(world: World, mail: Mail) -> Mail:
        Account.objects.filter(pk=world.acme.account.pk).update(**fields)
        return mail

    return spoil


def exceed(setting: str) -> Spoil:
    """Lower a limit to 1,000 bytes, and send more."""

    def spoil(world: World, mail: Mail) -> Mail:
        setattr(world.settings, setting, 1000)
        return replace(mail, text="x" * 2000)

    return spoil


def take_the_proof_away(world: World, mail: Mail) -> Mail:
    """Have the sender's domain be unverified."""
    SenderDomain.objects.filter(pk=world.acme.domain.pk).update(verified_at=None)
    return mail


def send_from_elsewhere(world: World, mail: Mail) -> Mail:
    """Send from a domain of acme's that neither the SMTP user nor the key is for."""
    SenderDomain.objects.create(account=world.acme.account, name="shop.example", verified_at=timezone.now())
    SMTPUser.objects.filter(pk=world.acme.smtp_user.pk).update(senders="acme.example; billing@shop.example")
    return replace(mail, sender="news@shop.example")


def use_the_others_secrets(world: World, mail: Mail) -> Mail:
    """Send as acme, with the secrets of globex."""
    return replace(mail, token=world.globex.api_secret, key=world.globex.domain_secret, secret=world.globex.smtp_secret)


def use_the_others_user(world: World, mail: Mail) -> Mail:
    """Send as the user of globex, with the secrets of acme."""
    return replace(mail, user=world.globex.smtp_user.name)


def send_too_often(world: World, mail: Mail) -> Mail:
    """Allow two requests a minute, and make them: refused ones count too."""
    change_account(requests_per_minute=2)(world, mail)
    for _ in range(2):
        world.send(replace(mail, sender="news@elsewhere.example"))
    return mail


def lose_the_database_while_storing(world: World, mail: Mail) -> Mail:
    """Lose the database when the rows of the message are written, and those of its recipients are not."""
    insert = bulk.insert

    def fail(cursor: bulk.Cursor, table: bulk.Table, rows: Any) -> None:
        if table == bulk.table_of(Recipient):
            raise _make_error()
        insert(cursor, table, rows)

    world.patch.setattr(bulk, "insert", fail)
    return mail


def lose_the_database(world: World, mail: Mail) -> Mail:
    """Lose the database before anybody is looked up."""

    def fail(*_: object) -> None:
        raise _make_error()

    world.patch.setattr(CursorWrapper, "execute", fail)
    return mail


def _make_error() -> OperationalError:
    return OperationalError('connection to server at "10.0.0.7", port 5432 failed: FATAL: no password for user "gatepost"')
