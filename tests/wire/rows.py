"""What calls name that must be there before: templates, and address lists with a member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.base.errors import FieldInvalid
from templates_app import queries
from templates_app.actions import add_template
from templates_app.lists import add_list
from templates_app.members import Entry, members_of, put_members
from templates_app.models import Template
from templates_app.texts import Texts


class Rows:
    """The rows of one account, each made once until they are forgotten, as when they are rolled back."""

    def __init__(self, account_id: int) -> None:
        self._account_id = account_id
        self._number = 0
        self._templates: dict[tuple[Texts, str], int] = {}
        self._members: dict[str, tuple[int, int]] = {}

    def forget(self) -> None:
        self._templates.clear()
        self._members.clear()
        queries.forget()  # what comes next may have the same keys

    def template(self, texts: Mapping[str, str], syntax: str = Template.Syntax.LIQUID) -> int:
        """Return the key of a template with these texts; raise what add_template raises."""
        asked = Texts(**texts), syntax
        if asked not in self._templates:
            made = add_template(self._account_id, invoke_name=self._name("t"), name="T", texts=asked[0], syntax=syntax)
            self._templates[asked] = made.pk
        return self._templates[asked]

    def member(self, member: Mapping[str, Any]) -> tuple[int, int]:
        """Return the keys of an address list and of the one member on it; raise FieldInvalid for one that no list takes."""
        asked = repr(member)
        if asked not in self._members:
            news = add_list(self._account_id, address=f"{self._name('l')}@lists.example", name="L")
            written = put_members(self._account_id, news.pk, [Entry(**member)])
            if written.refused:
                raise FieldInvalid("member", written.refused[0].reason)
            self._members[asked] = news.pk, members_of(self._account_id, news.pk).get().pk
        return self._members[asked]

    def _name(self, kind: str) -> str:
        self._number += 1
        return f"{kind}{self._number}"
