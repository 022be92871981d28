"""While an upgrade goes on, processes of the last release write into tables that have the columns of the next one already."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import Model

from accounts.models import Account
from domains.models import SMTPUser
from templates_app.lists import add_list
from templates_app.models import AddressList
from tests.support.cast import Tenant

FRAME = {"has_header", "header_html", "header_text", "has_footer", "footer_html", "footer_text"}


@pytest.mark.parametrize(
    ("model", "unique", "added"),
    [(Account, "owner_id", FRAME), (SMTPUser, "name", {"may_manage"}), (AddressList, "address", {"is_advanced"})],
)
def test_a_row_can_be_written_without_the_columns_that_were_added(
    acme: Tenant, model: type[Model], unique: str, added: set[str]
) -> None:
    add_list(acme.account.pk, address="news@acme.example", name="News")
    fields = {field.attname: field for field in model._meta.concrete_fields}
    assert added < set(fields)
    columns = [fields[name].column for name in fields if name not in added | {"id", unique}]
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{table}" ("{unique}", {names}) SELECT %s, {names} FROM "{table}" LIMIT 1', ["written"])
    row = model._default_manager.get(**{unique: "written"})
    assert {name: getattr(row, name) for name in added} == {name: fields[name].get_default() for name in added}
