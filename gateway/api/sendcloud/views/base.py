"""What SendCloud's calls have in common.

class GetLabel(ModuleView):                     # a call that reads: by POST and GET
    \"\"\"label/get

    Returns a label.
    \"\"\"

    fields = (Field("labelId", label_id, required=True, missing=40102, invalid=40103),)
    codes = (40106,)                            # beside those of its fields
    answers = (LabelGot,)

    def act(self, asked: Asked) -> Label: ...

    def answer(self, done: Label) -> HttpResponse: ...

class DeleteLabel(ChangingView): ...            # one that changes: `change`, with `asked.remember(row, "deleted")`
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import msgspec
from django.http import HttpResponse

from domains.credentials import Credential, authenticate_smtp_user
from gateway.api.asked import Asked, ChangingCall
from gateway.api.base import DialectView, UnknownPath
from gateway.api.bodies import Parser, Payload, parse_object
from gateway.api.fields import Field, check
from gateway.api.sendcloud.answers import Counted, say_count, say_refused
from gateway.api.sendcloud.parse import CREDENTIALS, check_given
from gateway.base.errors import CredentialSendsOnly, Refused


class SendCloudView(DialectView):
    """A call of an API user: the SMTP user of that name, with its secret as `apiKey`."""

    dialect = "sendcloud"
    parsers: ClassVar[Mapping[str, Parser]] = {"application/json": partial(parse_object, keep_spelling=True)}  # decision 19
    credentials: ClassVar[tuple[Field, Field]] = CREDENTIALS  # name and secret
    codes: ClassVar[tuple[int, ...]] = ()  # what it may answer beside the codes of its fields and those of every call

    def authenticate(self, payload: Payload) -> Credential:
        credential = authenticate_smtp_user(*check(self.credentials, payload.values).values())
        credential.check_usable()
        return credential

    def refuse(self, refusal: Refused) -> HttpResponse:
        return say_refused(refusal)


class ModuleView(SendCloudView):
    """A call about what the account has, which reads; an API user may be kept from all of these."""

    http_method_names: tuple[str, ...] = ("post", "get")

    def parse(self, payload: Payload, credential: Credential) -> Asked:
        if not credential.may_manage:
            raise CredentialSendsOnly
        given = check_given(self.fields, payload.values)
        return Asked(account_id=credential.account_id, actor=credential.name, client=payload.client, given=given)


class ChangingView(ChangingCall, ModuleView):
    """A call that changes something, and says how much of it."""

    answers: ClassVar[tuple[type[msgspec.Struct], ...]] = (Counted,)

    def answer(self, done: Any) -> HttpResponse:
        return say_count(done)


class Unknown(UnknownPath, SendCloudView):
    """Every other path under /apiv2/."""
