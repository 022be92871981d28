"""A call about what an account has: as a dialect's views hand it from `parse` to `act`, and how what it changes is kept."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Model

from accounts.audit import remember
from accounts.models import Account
from gateway.api.base import DialectView


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call: who asks, by which credential and from where, and the fields of the call's table by name."""

    account_id: int
    actor: str
    client: str
    given: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.given[name]

    def get_account(self) -> Account:
        return Account.objects.for_account(self.account_id).get()

    def remember(self, row: Model, past: str) -> None:
        """Write into the account's audit that the caller did this to a row, such as "added"."""
        remember(row, past, actor=self.actor, address=self.client)


class ChangingCall(DialectView):
    """A call that changes something, which goes into the account's audit with it; `parse` returns an Asked."""

    is_atomic: ClassVar[bool] = True  # not where the world is asked meanwhile

    def act(self, asked: Asked) -> Any:
        with transaction.atomic() if self.is_atomic else nullcontext():
            return self.change(asked)

    def change(self, asked: Asked) -> Any:
        """Do it, and remember it."""
        raise NotImplementedError
