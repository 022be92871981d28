"""Tenants are kept apart here: `for_account` is the only way that doors and console reach a tenant's rows."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class AccountQuerySet(models.QuerySet[M]):
    """Rows of a model that an account owns, directly or by the path `ACCOUNT_PATH` of the model."""

    def for_account(self, account: int | models.Model) -> Self:
        """Return the rows of one account, given as a row or as its primary key."""
        account_id = account if isinstance(account, int) else account.pk
        return self.filter(**{_path_of(self.model): account_id})

    def for_accounts(self, account_ids: list[int]) -> Self:
        """Return the rows of several accounts: those that a person is a member of."""
        return self.filter(**{f"{_path_of(self.model)}__in": account_ids})


def _path_of(model: type[models.Model]) -> str:
    path: Any = getattr(model, "ACCOUNT_PATH", "account_id")
    return str(path)


class AccountModel(models.Model):
    """A row that an account owns."""

    ACCOUNT_PATH: ClassVar[str] = "account_id"

    objects: ClassVar[models.Manager[Any]] = AccountQuerySet.as_manager()

    class Meta:
        abstract = True
