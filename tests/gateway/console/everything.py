"""One row of everything that a room of the console shows, with a canary in every field that a person could read."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.utils import timezone

from accounts.models import AuditEntry, User
from domains.models import DKIMKey, TrackingDomain
from gateway.models import ListTask
from templates_app.models import AddressList, Member, Template, TemplateVersion, UnsubscribePage
from tests.support.cast import Tenant
from tests.support.factories import make_attempt, make_file, make_message
from tracking.models import Label, Suppression, Webhook, WebhookDelivery


def make_everything(tenant: Tenant, mark: str) -> dict[type[Model], Any]:
    """Mark every field of a tenant with `mark`, and return one of its rows of each model that has a room."""
    account = tenant.account
    rows = [
        account,
        *_people(tenant, mark),
        *_senders(tenant, mark),
        *_contents(tenant, mark),
        *_hooks(tenant, mark),
        *_mail(tenant, mark),
    ]
    account.name = f"{mark} account"
    account.save()
    return {type(row): row for row in rows}


def _people(tenant: Tenant, mark: str) -> list[Model]:
    User.objects.filter(pk=tenant.user.pk).update(name=f"{mark} person", email=f"{mark}@person.example")
    entry = AuditEntry.objects.create(account=tenant.account, actor=f"{mark} actor", action="changed", target=f"{mark} target")
    return [User.objects.get(pk=tenant.user.pk), tenant.user.memberships.get(), entry]


def _senders(tenant: Tenant, mark: str) -> list[Model]:
    tenant.domain.name = f"{mark}.example"
    tenant.domain.save()
    tenant.smtp_user.name, tenant.smtp_user.note = f"{mark}-user", f"{mark} note"
    tenant.smtp_user.save()
    tenant.api_key.description = f"{mark} key"
    tenant.api_key.save()
    DKIMKey.objects.create(
        domain=tenant.domain,
        selector=f"{mark}",
        algorithm="rsa",
        public_key=f"{mark}+key",
        sealed_private_key=b"sealed-private",
    )
    tracking = TrackingDomain.objects.create(account=tenant.account, name=f"t.{mark}.example")
    return [tenant.domain, tenant.smtp_user, tenant.api_key, tracking]


def _contents(tenant: Tenant, mark: str) -> list[Model]:
    account = tenant.account
    template = Template.objects.create(account=account, invoke_name=f"{mark}-t", name=f"{mark} template")
    TemplateVersion.objects.create(template=template, subject=f"{mark} subject", html=f"<b>{mark}</b>", text=f"{mark} text")
    page = UnsubscribePage.objects.create(
        account=account, name=f"{mark} page", html=f"<b>{mark}</b>", title=f"{mark} title", button=mark, done_html=mark
    )
    address_list = AddressList.objects.create(account=account, address=f"{mark}@list.example", name=f"{mark} list")
    member = Member.objects.create(address_list=address_list, email=f"{mark}@member.example", name=f"{mark} member")
    task = ListTask.objects.create(account=account, address_list=address_list, template=template, error=f"{mark} error")
    return [template, page, address_list, member, task]


def _hooks(tenant: Tenant, mark: str) -> list[Model]:
    suppression = Suppression.objects.create(account=tenant.account, email=f"{mark}@gone.example", source=f"{mark} source")
    hook = Webhook.objects.create(
        account=tenant.account, url=f"https://{mark}.example/", sealed_key=b"sealed", description=mark
    )
    now = timezone.now()
    delivery = WebhookDelivery.objects.create(
        webhook=hook, event_at=now, event_id=1, next_attempt_at=now, answer=f"{mark} answer"
    )
    label = Label.objects.create(account=tenant.account, name=f"{mark} label")
    return [suppression, hook, delivery, label]


def _mail(tenant: Tenant, mark: str) -> list[Model]:
    message = make_message(
        tenant.account,
        [f"{mark}@to.example"],
        subject=f"{mark} subject",
        sender=f"{mark}@from.example",
        sender_name=f"{mark} name",
        text=f"{mark} text",
        html=f"<p>{mark} html</p>",
        headers=[["X-Mark", f"{mark} header"]],
        tags=[f"{mark} tag"],
        campaign=f"{mark} campaign",
        unique_id=f"{mark}-unique",
        note=f"{mark} note",
        smtp_user=tenant.smtp_user,
        domain=tenant.domain,
    )
    make_file(message, f"{mark}.txt", mark.encode())
    make_attempt(message.recipients.get(), reply=f"{mark} reply", signed_by=f"{mark} signer", host=f"mx.{mark}.example")
    return [message]
