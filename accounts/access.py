"""What a person may see and change in the console: read anew at every request, so that a changed role works at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import cast

from django.db.models import Model
from django.http import HttpRequest

from accounts.models import Account, Membership, User


class Level(IntEnum):
    """How much a person may do, in an account or on the platform; what asks for more than OPERATOR is for nobody."""

    STRANGER = 0
    VIEWER = 1
    DEVELOPER = 2
    ADMIN = 3
    OWNER = 4
    OPERATOR = 5
    NOBODY = 6


LEVELS: Mapping[str, Level] = {
    Membership.Role.VIEWER: Level.VIEWER,
    Membership.Role.DEVELOPER: Level.DEVELOPER,
    Membership.Role.ADMIN: Level.ADMIN,
    Membership.Role.OWNER: Level.OWNER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What one person may do: their level by the primary key of each account, purged accounts left out."""

    is_operator: bool = False
    levels: Mapping[int, Level] = field(default_factory=dict)

    @property
    def highest(self) -> Level:
        """The most that the person may do anywhere."""
        return Level.OPERATOR if self.is_operator else max(self.levels.values(), default=Level.STRANGER)

    @property
    def sole_account(self) -> int | None:
        """The one account of a person who has just one; None for everybody else."""
        return next(iter(self.levels)) if len(self.levels) == 1 and not self.is_operator else None

    def level_in(self, account_id: int | None) -> Level:
        """Return what the person may do in an account; None stands for the platform, which is the operators' alone."""
        if self.is_operator:
            return Level.OPERATOR
        return self.levels.get(account_id, Level.STRANGER) if account_id is not None else Level.STRANGER

    def accounts_with(self, least: Level) -> list[int]:
        """Return the accounts where the person's level is `least` or higher. Operators are not listed anywhere."""
        return [account_id for account_id, level in self.levels.items() if level >= least]


NO_ACCESS = Access()


def access_of(request: HttpRequest) -> Access:
    """Return what the person behind a request may do; asked of the database once a request."""
    known = cast("Access | None", getattr(request, "_gatepost_access", None))
    if known is None:
        user = request.user
        known = load_access(user) if isinstance(user, User) else NO_ACCESS
        request._gatepost_access = known  # type: ignore[attr-defined]  # noqa: SLF001  kept with what it belongs to
    return known


def load_access(user: User) -> Access:
    """Return what a person may do now; nothing when they are not active."""
    if not user.is_active:
        return NO_ACCESS
    roles = user.memberships.exclude(account__status=Account.Status.PURGED).values_list("account_id", "role", "account__status")
    levels = {account_id: _level_of(role, status) for account_id, role, status in roles}
    return Access(is_operator=user.is_operator, levels=levels)


def _level_of(role: str, status: str) -> Level:
    """Return what a role comes to in an account of this status: in a deleted one nothing is changed any more."""
    level = LEVELS.get(role, Level.STRANGER)
    return min(level, Level.VIEWER) if status == Account.Status.DELETED else level


def account_of(row: Model) -> int | None:
    """Return the key of the account that owns a row, by the path ACCOUNT_PATH of its model; None for the platform's."""
    value: object = row
    for name in str(getattr(row, "ACCOUNT_PATH", "account_id")).split("__"):
        value = getattr(value, name, None)
    return value if isinstance(value, int) else None
