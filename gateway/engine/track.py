"""What a copy has beyond what its customer wrote: tracked links, a pixel, a way out. Decided once for a letter, made for each.

Who says whether: the message, else the SMTP user that sent it, else the sender domain, else the account. The plain "on" of
those for clicks means links in HTML; those in plain text, where readers see what becomes of them, are tracked only where the
message says `text` or `both` (seeds/000, X-STes-TrackClick).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.utils.html import escape

from accounts.queries import find_account
from domains.credentials import Credential, get_smtp_user
from domains.queries import DomainFacts, find_tracking_url, get_sender_domain
from gateway.engine.letter import Copy, Letter
from gateway.engine.merging import is_sendclouds, names_way_out
from gateway.engine.rawparts import FLOWED, Rewrite
from gateway.engine.submission import Clicks
from templates_app.queries import find_page_language
from templates_app.unsubscribe_words import words_of
from tracking.links import Link, Purpose, make_url
from tracking.rewrite import Cut, cut, is_armoured

T = TypeVar("T")

_NOBODY = Credential(account_id=0, owner_id="", account_status="", requests_per_minute=None)  # wishes nothing
_CLICKS: dict[bool | None, Clicks] = {True: Clicks.HTML, False: Clicks.NONE}  # what a plain switch means
_TRACKED_IN = {"html": (Clicks.HTML, Clicks.BOTH), "plain": (Clicks.TEXT, Clicks.BOTH), FLOWED: ()}
_PIXEL = '<img src="{url}" width="1" height="1" alt="" style="border:0" />'
_PLAIN_FOOTER = "\n\n{words}: {url}\n"
_FOOTERS = {
    "html": '<p style="margin:2em 0;text-align:center;font:12px sans-serif"><a href="{url}" style="color:#666">{words}</a></p>',
    "plain": _PLAIN_FOOTER,
    FLOWED: _PLAIN_FOOTER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What is added to one copy. `rewrite` puts it into a text, once merge fields are filled; None: texts stay as they are.

    With an `unsubscribe_url` the reader is offered to unsubscribe there; `names_link` as in `merging.merge_of`.
    """

    rewrite: Rewrite | None = None
    unsubscribe_url: str = ""
    names_link: bool = False


NOTHING = Extras()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is added to the copies of a letter. Links name `base`, such as `https://track.example.com`."""

    base: str
    opens: bool = False
    clicks: Clicks = Clicks.NONE
    way_out: bool = False  # in the header, and as a merge field
    footer: bool = False  # and below the texts, where they have no way out themselves
    footer_words: str = ""
    way_out_base: str = ""
    names_link: bool = False  # its texts name the way out themselves, by SendCloud's name of it
    page_id: int = 0  # of the unsubscribe page; 0: the account's usual one

    def concerns(self, kind: str) -> bool:
        """Tell whether texts of this kind (rawparts.Rewrite) are rewritten."""
        return self.footer or self.clicks in _TRACKED_IN[kind] or (kind == "html" and self.opens)


def plan_for(letter: Letter) -> Plan:
    """Return what is added to the copies of a letter, as its account and its domain have it now."""
    account, domain = find_account(letter.account_id), get_sender_domain(letter.domain_id or 0)
    if account is None or domain is None:
        return Plan(base=settings.GATEPOST_URL)
    user = (get_smtp_user(letter.smtp_user_id) if letter.smtp_user_id is not None else None) or _NOBODY
    footer = _first(letter.unsubscribe_link, user.unsubscribe_link, default=domain.unsubscribe_link)
    clicks = letter.track_clicks, _CLICKS.get(user.track_clicks), _CLICKS.get(domain.track_clicks)
    base = _base_of(letter, domain)
    # Other mail that was handed in whole is not looked into, unless it is changed anyway.
    names_link = (is_sendclouds(letter) or (footer and letter.raw is not None)) and names_way_out(letter)
    page_id = letter.unsubscribe_page_id or user.unsubscribe_page_id or 0
    return Plan(
        base=base,
        opens=_first(letter.track_opens, user.track_opens, domain.track_opens, default=account.track_opens),
        clicks=_first(*clicks, default=_CLICKS[account.track_clicks]),
        way_out=footer or (letter.bulk and letter.unsubscribe_link is None) or names_link,
        names_link=names_link,
        way_out_base=_secure(base),
        footer=footer,
        footer_words=_footer_words(letter.account_id, page_id) if footer else "",
        page_id=page_id,
    )


def _base_of(letter: Letter, domain: DomainFacts) -> str:
    """Return the base of tracked links: on the host that was asked for, else on the sender domain's, else on the platform's."""
    asked = find_tracking_url(letter.account_id, letter.tracking_domain) if letter.tracking_domain else ""
    return asked or domain.tracking_url or settings.GATEPOST_URL


def _secure(base: str) -> str:
    """Return the base for unsubscribing: with https where there is any, as receivers heed no other (RFC 8058 3.1)."""
    is_better = settings.GATEPOST_URL.startswith("https:") and not base.startswith("https:")
    return settings.GATEPOST_URL if is_better else base


def _first(*wishes: T | None, default: T) -> T:
    """Return the first of the wishes that was said."""
    return next((wish for wish in wishes if wish is not None), default)


def _footer_words(account_id: int, page_id: int) -> str:
    """Return the words of the link below a mail, in the language of its unsubscribe page."""
    named = find_page_language(account_id, page_id)
    language = named or find_page_language(account_id, 0)  # as templates_app.unsubscribe finds the page
    return words_of(language or "en").button


class Tracker:
    """Gives each copy of a batch what its letter's plan says, and remembers how the texts of letters are cut."""

    def __init__(self, plan_for: Callable[[Letter], Plan] = plan_for) -> None:
        self._plan_for = plan_for
        self._plans: dict[int, Plan] = {}
        self._cuts: dict[tuple[int, str], tuple[str, Cut]] = {}

    def __call__(self, copy: Copy) -> Extras:
        letter = copy.letter
        plan = self._plans.get(letter.message_id)
        if plan is None:
            plan = self._plans[letter.message_id] = self._plan_for(letter)
        is_rewritten = any(plan.concerns(kind) for kind in _kinds_of(letter))
        if not is_rewritten and not plan.way_out:
            return NOTHING
        way_out = make_url(plan.way_out_base, Purpose.UNSUBSCRIBE, _link(copy, plan)) if plan.way_out else ""
        return Extras(
            rewrite=self._rewrite_for(copy, plan, way_out) if is_rewritten else None,
            unsubscribe_url=way_out,
            names_link=plan.names_link,
        )

    def _rewrite_for(self, copy: Copy, plan: Plan, way_out: str) -> Rewrite:
        """Return what rewrites the texts of one copy; of two HTML texts only the first has a pixel."""
        done: set[str] = set()

        def follow(target: str) -> str:
            return make_url(plan.base, Purpose.CLICK, _link(copy, plan, target))

        def rewrite(kind: str, text: str) -> str:
            if not plan.concerns(kind) or is_armoured(text):
                return text
            found = self._cut(copy.letter, plan, kind, text)
            at_end = "" if kind in done else _ending(copy, plan, kind, "" if found.has_way_out or way_out in text else way_out)
            done.add(kind)
            return found.fill(follow, at_end)

        return rewrite

    def _cut(self, letter: Letter, plan: Plan, kind: str, text: str) -> Cut:
        """Cut a text; the same one as for the copy before costs nothing."""
        key = letter.message_id, kind
        before, found = self._cuts.get(key, (None, None))
        if found is None or before != text:
            links = plan.clicks in _TRACKED_IN[kind]
            found = cut(kind, text, links=links, ours=(f"{plan.base}/t/", f"{plan.way_out_base}/t/"))
            self._cuts[key] = text, found
        return found


def _kinds_of(letter: Letter) -> tuple[str, ...]:
    """Return the kinds of text that a letter has, as far as one can tell without reading a raw mail."""
    if letter.raw is not None:
        return ("plain", "html")
    return tuple(kind for kind, text in (("plain", letter.text), ("html", letter.html)) if text)


def _ending(copy: Copy, plan: Plan, kind: str, way_out: str) -> str:
    """Return what stands at the end of a text: the link to unsubscribe by, where it is to have one, and the pixel."""
    footer = _FOOTERS[kind].format(url=way_out, words=_words(plan.footer_words, kind)) if plan.footer and way_out else ""
    if kind == "html" and plan.opens:
        return footer + _PIXEL.format(url=make_url(plan.base, Purpose.OPEN, _link(copy, plan)))
    return footer


def _words(words: str, kind: str) -> str:
    return escape(words) if kind == "html" else words


def _link(copy: Copy, plan: Plan, target: str = "") -> Link:
    return Link(
        account_id=copy.letter.account_id,
        recipient_id=copy.recipient_id,
        page_id=plan.page_id,
        target=target,
    )
