"""Valid calls of each dialect with every field in use, and ways to spoil them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from tests.support.cast import Tenant

Path = tuple[str | int, ...]


def make_sendclean(tenant: Tenant | None = None, **message: Any) -> dict[str, Any]:
    """Return a small sendMail call; `message` replaces parts of it, None takes them out."""
    fields = {
        "html": "<p>Hello</p>",
        "subject": "Hello",
        "from_email": "news@acme.example",
        "from_name": "Acme",
        "to": [{"email": "rita@example.com", "name": "Rita"}],
    } | message
    call: dict[str, Any] = {"message": {name: value for name, value in fields.items() if value is not None}}
    if tenant is None:
        return call
    return call | {"owner_id": "acme", "token": tenant.api_secret, "smtp_user_name": tenant.smtp_user.name}


def make_full_sendclean(tenant: Tenant | None = None) -> dict[str, Any]:
    """Return a sendMail call with every documented parameter."""
    return make_sendclean(
        tenant,
        text="Hello",
        to=[
            {"email": "rita@example.com", "name": "Rita", "type": "to"},
            {"email": "carl@example.com", "name": "Carl", "type": "cc"},
            {"email": "bea@example.com", "name": "Bea", "type": "bcc"},
        ],
        headers={
            "Reply-To": "Help <help@acme.example>",
            "X-Unique-Id": "order 7 ",
            "X-Shop": "7",
            "X-STes-TrackOpen": "yes",
            "X-STes-TrackClick": "html",
        },
        attachments=[{"type": "text/plain", "name": "a.txt", "content": "ZXhhbXBsZSBmaWxl"}],
        images=[{"type": "image/png", "name": "logo", "content": "ZXhhbXBsZSBmaWxl"}],
    )


def make_octeth(**fields: Any) -> dict[str, Any]:
    """Return a small call to /api/v1/email; `fields` replace parts of it, None takes them out."""
    call = {
        "Subject": "Hello",
        "ContentType": "html",
        "HtmlContent": "<p>Hello</p>",
        "From": {"email": "news@acme.example", "name": "Acme"},
        "To": [{"email": "rita@example.com", "name": "Rita"}],
    } | fields
    return {name: value for name, value in call.items() if value is not None}


def make_full_octeth() -> dict[str, Any]:
    """Return a call to /api/v1/email with every parameter that it reads."""
    return make_octeth(
        PlainContent="Hello",
        CC=[{"email": "carl@example.com", "name": "Carl"}],
        BCC=[{"email": "bea@example.com", "name": "Bea"}],
        ReplyTo=[{"email": "help@acme.example", "name": "Help"}],
        Attachments=[
            {"filename": "a.txt", "content": "ZXhhbXBsZSBmaWxl", "type": "text/plain", "disposition": "attachment"},
            {
                "filename": "logo",
                "content": "ZXhhbXBsZSBmaWxl",
                "type": "image/png",
                "disposition": "inline",
                "contentid": "logo",
            },
        ],
        Headers={"X-Unique-Id": "order 7 ", "X-Shop": "7"},
        Tags=["welcome"],
        TrackLinks="true",
        TrackOpens=False,
        SendAt="2030-01-02T03:04:05Z",
    )


def find_texts(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every text in a call, and of every header's name as `(..., name, "name of")`."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from find_texts(item, (*path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from find_texts(item, (*path, place))


def put(call: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return a copy of `call` with `value` at `path`."""
    spoiled = copy.deepcopy(call)
    inner: Any = spoiled
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return spoiled


def get(call: dict[str, Any], path: Path) -> Any:
    value: Any = call
    for step in path:
        value = value[step]
    return value
