"""bootstrap: one account with one of everything, and the keys that tools rely on."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account, User
from domains.credentials import authenticate_api_key, authenticate_smtp_user
from domains.keys import signers_for
from domains.models import SenderDomain
from templates_app.models import Template

pytestmark = pytest.mark.django_db


def bootstrap(*options: str) -> dict:
    out = StringIO()
    call_command("bootstrap", "--json", *options, stdout=out)
    return json.loads(out.getvalue())


def test_it_works() -> None:
    made = bootstrap()
    assert set(made) == {"account", "smtp_user", "domain", "api_key", "console", "template"}
    assert set(made["account"]) == {"id", "owner_id", "token"}
    assert set(made["smtp_user"]) == {"name", "password"}
    assert set(made["domain"]) == {"id", "name", "api_key"}
    assert set(made["console"]) == {"email", "password"}
    assert set(made["template"]) == {"id", "invoke_name"}
    assert isinstance(made["template"]["id"], int)


def test_every_credential_works() -> None:
    made = bootstrap()
    account_id = made["account"]["id"]
    assert authenticate_smtp_user(name=made["smtp_user"]["name"], secret=made["smtp_user"]["password"]).account_id == account_id
    assert authenticate_api_key(made["account"]["token"]).domain_id is None
    assert authenticate_api_key(made["api_key"]).domain_id is None
    assert authenticate_api_key(made["domain"]["api_key"]).domain_id == made["domain"]["id"]
    user = User.objects.get(email=made["console"]["email"])
    assert user.check_password(made["console"]["password"])
    assert not user.is_operator


def test_the_template_greets_one_field_in_every_part() -> None:
    version = Template.objects.get(pk=bootstrap()["template"]["id"]).versions.get()
    for part in (version.subject, version.html, version.text):
        assert "{{ NAME }}" in part


def test_a_domain_is_trusted_on_the_command_line_only() -> None:
    assert not SenderDomain.objects.get(pk=bootstrap("--domain", "a.example")["domain"]["id"]).is_verified
    trusted = SenderDomain.objects.get(pk=bootstrap("--domain", "b.example", "--trust-domain")["domain"]["id"])
    assert trusted.is_verified
    assert len(signers_for(trusted.pk)) == 2


def test_limits_are_on_unless_asked() -> None:
    assert Account.objects.get(pk=bootstrap()["account"]["id"]).requests_per_minute is None
    assert Account.objects.get(pk=bootstrap("--no-limits")["account"]["id"]).requests_per_minute == 0


def test_it_can_be_called_twice() -> None:
    first, second = bootstrap(), bootstrap()
    assert first["console"]["email"] != second["console"]["email"]
    assert first["account"]["id"] != second["account"]["id"]


def test_a_name_that_is_no_domain_is_refused() -> None:
    with pytest.raises(CommandError, match="--domain"):
        bootstrap("--domain", "not a domain")


def test_without_json_it_prints_lines_for_people() -> None:
    out = StringIO()
    call_command("bootstrap", stdout=out)
    assert "smtp_user password" in out.getvalue()
