"""Pieces of HTML that the console's rooms share: badges, values to copy, and previews of mail that cannot do anything."""

from __future__ import annotations

from collections.abc import Mapping

import nh3
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

Words = str | Promise  # translated when shown
MOST_PREVIEWED = 400_000  # characters of HTML or text that a page shows

# What mail is made of. Missing on purpose: link, meta and base, which can reach out to other hosts even where no script
# runs and nothing loads; forms, frames and foreign content (SVG, MathML), where sanitisers and browsers disagree.
_TAGS = nh3.ALLOWED_TAGS | {"style", "font", "center", "tt", "big", "section", "main", "address", "picture", "u", "s"}
_LOOKS = {
    *("style", "class", "id", "dir", "lang", "title", "role", "alt", "color", "face", "size", "background", "bgcolor"),
    *("align", "valign", "width", "height", "border", "cellpadding", "cellspacing", "colspan", "rowspan"),
}
_ATTRIBUTES = {tag: nh3.ALLOWED_ATTRIBUTES.get(tag, set()) | _LOOKS for tag in _TAGS}
_SCHEMES = {"http", "https", "mailto", "tel", "data", "cid"}

# Set within the frame as well, for a browser that does not hand the page's own policy down to it.
_INERT = "default-src 'none'; style-src 'unsafe-inline'; img-src data: {images}"
_HEAD = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
    '<base target="_blank"><style>body{{margin:16px;font:15px/1.5 system-ui,sans-serif;color:#1b2124;background:#fff;'
    "overflow-wrap:anywhere}}img{{max-width:100%}}</style>"
)


def badge(text: Words, tone: str = "idle") -> SafeString:
    """Return a coloured label; `tone` is good, busy, late, bad or idle."""
    return format_html('<span class="gp-badge gp-{}">{}</span>', tone, text)


def copyable(text: str, shown: str = "") -> SafeString:
    """Return a value with a button that copies it; `shown` stands in the page in its place."""
    return format_html(
        '<span class="gp-copyable"><code>{}</code><button type="button" class="gp-copy" data-copy="{}" aria-label="{}" '
        'title="{}"><span class="material-symbols-outlined" aria-hidden="true">content_copy</span></button></span>',
        shown or text,
        text,
        _("Copy"),
        _("Copy"),
    )


def clean_html(html: str, images: Mapping[str, str] | None = None) -> str:
    """Return mail's HTML without what could act; `images` maps a Content-ID to the data: URL that stands in for it."""
    cleaned = nh3.clean(
        html[:MOST_PREVIEWED],
        tags=_TAGS,
        clean_content_tags={"script", "title", "template", "noscript"},
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )
    for content_id, url in (images or {}).items():
        cleaned = cleaned.replace(f'"cid:{content_id}"', f'"{url}"')
    return cleaned


def frame(html: str, *, title: str = "", images: Mapping[str, str] | None = None, alive_at: str = "") -> SafeString:
    """Return a frame that shows mail's HTML: no script, no form, no cookie, nothing loaded from anywhere.

    With `alive_at` (an origin such as https://mail.example.com) images of that origin load and links open in a new tab: for the
    demo's inbox, where reading a mail is what its recipient does.
    """
    document = _HEAD.format(policy=_INERT.format(images=alive_at)) + clean_html(html, images)
    return format_html(
        '<iframe class="gp-frame" sandbox="{}" referrerpolicy="no-referrer" title="{}" srcdoc="{}"></iframe>',
        "allow-popups allow-popups-to-escape-sandbox" if alive_at else "",
        title or _("The mail's HTML"),
        document,
    )
