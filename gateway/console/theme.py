"""How the console looks, and its rooms in the order of the side bar: the settings of django-unfold.

Read by settings.py, hence nothing here may import a model.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from gateway.base.environment import env


def _is_operator(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _room(title: Any, icon: str, model: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist"), **more}


def _asset(name: str) -> Any:
    return lambda _: static(f"console/{name}")


ROOMS: list[dict[str, Any]] = [
    {
        "title": _("Mail"),
        "items": [
            _room(_("Messages"), "mail", "gateway_message"),
            {"title": _("Queue"), "icon": "hourglass_top", "link": reverse_lazy("admin:queue")},
            {"title": _("Events"), "icon": "timeline", "link": reverse_lazy("admin:events")},
            {"title": _("Statistics"), "icon": "bar_chart", "link": reverse_lazy("admin:statistics")},
            _room(_("Sends to lists"), "groups", "gateway_listtask"),
            _room(_("Labels"), "label", "tracking_label"),
            _room(_("Suppressions"), "block", "tracking_suppression"),
        ],
    },
    {
        "title": _("Sending"),
        "items": [
            _room(_("Domains"), "language", "domains_senderdomain"),
            _room(_("Tracking domains"), "add_link", "domains_trackingdomain"),
            _room(_("SMTP users"), "key", "domains_smtpuser"),
            _room(_("API keys"), "vpn_key", "domains_apikey"),
            _room(_("Webhooks"), "webhook", "tracking_webhook"),
            _room(_("Webhook deliveries"), "outbox", "tracking_webhookdelivery"),
        ],
    },
    {
        "title": _("Content"),
        "items": [
            _room(_("Templates"), "draft", "templates_app_template"),
            _room(_("Address lists"), "contacts", "templates_app_addresslist"),
            _room(_("Unsubscribe pages"), "unsubscribe", "templates_app_unsubscribepage"),
        ],
    },
    {
        "title": _("Account"),
        "items": [
            _room(_("Accounts"), "apartment", "accounts_account"),
            _room(_("Members"), "group", "accounts_membership"),
            _room(_("People"), "person", "accounts_user", permission=_is_operator),
            _room(_("Audit"), "history", "accounts_auditentry"),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": env.str("GATEPOST_BRAND", "Gatepost"),
    "SITE_HEADER": env.str("GATEPOST_BRAND", "Gatepost"),
    "SITE_SUBHEADER": _("Mail console"),
    "SITE_URL": None,
    "SITE_ICON": _asset("gatepost.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _asset("gatepost.svg")}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "STYLES": [_asset("console.css")],
    "SCRIPTS": [_asset("console.js")],
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "base": {
            "50": "oklch(98.4% .003 200)",
            "100": "oklch(96.4% .005 200)",
            "200": "oklch(92.4% .008 200)",
            "300": "oklch(86.8% .012 200)",
            "400": "oklch(70.6% .02 200)",
            "500": "oklch(54.8% .024 200)",
            "600": "oklch(44.4% .024 200)",
            "700": "oklch(37% .024 205)",
            "800": "oklch(27.4% .022 210)",
            "900": "oklch(20.6% .02 215)",
            "950": "oklch(13.4% .016 220)",
        },
        "primary": {
            "50": "oklch(98% .02 180)",
            "100": "oklch(95% .045 180)",
            "200": "oklch(90% .08 180)",
            "300": "oklch(84% .11 180)",
            "400": "oklch(76% .125 181)",
            "500": "oklch(67% .12 183)",
            "600": "oklch(53% .098 186)",
            "700": "oklch(46% .085 188)",
            "800": "oklch(39.5% .07 190)",
            "900": "oklch(34% .057 192)",
            "950": "oklch(24% .044 195)",
        },
    },
    "LOGIN": {"image": None},
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": ROOMS},
}
