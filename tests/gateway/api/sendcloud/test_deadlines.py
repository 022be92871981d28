"""A report that looks at events ends at a deadline, however many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.gateway.api.sendcloud.asking import ask_as
from tests.gateway.api.sendcloud.reporting import DAY, suppress, told
from tests.support.cast import Tenant
from tracking.labels import add_label
from tracking.models import Event


@pytest.mark.parametrize("named", [set(), {"apiUserList"}, {"labelIdList"}, {"apiUserList", "labelIdList"}])
def test_who_unsubscribed_is_told_within_a_deadline(on_postgresql: None, acme: Tenant, named: set[str]) -> None:
    spring = add_label(acme.account.pk, "spring")
    told(acme, "unsubscribed", recipient="ann@qq.example", tags=["spring"])
    suppress(acme, "ann@qq.example", "unsubscribed")
    lists = {"apiUserList": acme.smtp_user.name, "labelIdList": spring.pk}
    deadlines: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if Event._meta.db_table in sql:
            with connection.connection.cursor() as cursor:
                deadlines.extend(cursor.execute("SHOW statement_timeout").fetchone())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = ask_as(acme)("unsubscribe/list", **DAY | {name: lists[name] for name in named})
    assert [row["labelId"] for row in answer["info"]["dataList"]] == [spring.pk]
    assert deadlines == ["20s"] * (2 if named else 1)
