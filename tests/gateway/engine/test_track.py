"""What goes into a copy beyond what its customer wrote: who decides it, and that it leads back to where it came from."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from domains import credentials, queries
from domains.models import SenderDomain, SMTPUser
from gateway.engine.compose import Composer
from gateway.engine.letter import Letter
from gateway.engine.submission import Clicks, Syntax
from gateway.engine.track import Plan, Tracker, plan_for
from gateway.engine.wire import find_fault
from templates_app.models import UnsubscribePage
from tests.support.cast import Tenant
from tests.support.letters import SIGNERS, make_copy, make_letter, parse, parts_of, verify_with_dkimpy
from tracking.links import Link, Purpose, read_token

HOST = "track.acme.example"
BASE = f"https://{HOST}"
SHOP = "https://shop.example/?a=1&b=%C3%A4"
HTML = f'<body><p>Hello, <a href="{SHOP.replace("&", "&amp;")}">shop</a></p></body>\n'
TEXT = f"Hello, see {SHOP}.\n"
TOKEN = re.compile(r"/t/([ocu])/([A-Za-z0-9_-]+)")
ALL = Plan(base=BASE, opens=True, clicks=Clicks.BOTH, way_out=True, way_out_base=BASE, footer=True, footer_words="Leave")
TRACKED = Plan(base=BASE, opens=True, clicks=Clicks.BOTH)
WAY_OUT = Plan(base=BASE, way_out=True, way_out_base=BASE)
FOOTER = Plan(base=BASE, way_out=True, way_out_base=BASE, footer=True, footer_words="Leave & rest")


def compose(plan: Plan, letter: Letter | None = None, **copy: Any) -> bytes:
    """Return what one copy gets of a letter that is tracked by `plan`."""
    letter = letter or make_letter(html=HTML, text=TEXT, account_id=7)
    return Composer(Tracker(lambda _: plan)).compose(make_copy(letter, **({"recipient_id": 1234} | copy)), SIGNERS).wire


def texts_of(wire: bytes) -> dict[str, str]:
    return {kind: text.replace("\r\n", "\n") for kind, text in parts_of(parse(wire)) if kind.startswith("text/")}


def links_in(text: str) -> list[tuple[str, Link | None]]:
    """Return the links of ours in a text: what each is for, and what it says."""
    return [(purpose, read_token(token, Purpose(purpose), HOST)) for purpose, token in TOKEN.findall(text)]


def link(target: str = "", page_id: int = 0) -> Link:
    return Link(account_id=7, recipient_id=1234, page_id=page_id, target=target)


# Links and pixels --------------------------------------------------------------------------------------------------------


def test_it_works() -> None:
    wire = compose(TRACKED)
    texts = texts_of(wire)
    assert links_in(texts["text/html"]) == [("c", link(SHOP)), ("o", link())]
    assert links_in(texts["text/plain"]) == [("c", link(SHOP))]
    assert find_fault(wire) == ""
    assert verify_with_dkimpy(wire) == [True, True]


def test_all_but_the_links_and_the_pixel_stays() -> None:
    texts = texts_of(compose(TRACKED))
    html = re.sub(r"<img [^>]*/>(?=</body>)", "", texts["text/html"], count=1)
    assert re.sub(rf"{BASE}/t/c/[\w-]+", SHOP.replace("&", "&amp;"), html) == HTML
    assert re.sub(rf"{BASE}/t/c/[\w-]+", SHOP, texts["text/plain"]) == TEXT


def test_each_copy_has_tokens_of_its_own() -> None:
    composer, letter = Composer(Tracker(lambda _: ALL)), make_letter(html=HTML, account_id=7)
    wires = [composer.compose(make_copy(letter, recipient_id=number), SIGNERS).wire for number in (1, 2)]
    found = [links_in(texts_of(wire)["text/html"]) for wire in wires]
    assert [{said.recipient_id for _, said in each if said} for each in found] == [{1}, {2}]
    assert [len(each) for each in found] == [3, 3]


@pytest.mark.parametrize(
    ("opens", "clicks", "html", "plain"),
    [
        (False, Clicks.NONE, "", ""),
        (True, Clicks.NONE, "o", ""),
        (False, Clicks.HTML, "c", ""),
        (False, Clicks.TEXT, "", "c"),
        (True, Clicks.BOTH, "co", "c"),
    ],
)
def test_what_is_on_is_in_those_parts_only(opens: bool, clicks: Clicks, html: str, plain: str) -> None:
    texts = texts_of(compose(Plan(base=BASE, opens=opens, clicks=clicks)))
    purposes = {kind: "".join(purpose for purpose, _ in links_in(text)) for kind, text in texts.items()}
    assert purposes == {"text/html": html, "text/plain": plain}


@pytest.mark.parametrize("letter", [make_letter(text="Hello"), make_letter(raw=b"From: a@acme.example\r\n\r\nx\r\n", text="")])
def test_copies_that_nothing_is_added_to_are_made_once(letter: Letter) -> None:
    plan = Plan(base=BASE, opens=True, clicks=Clicks.HTML) if letter.raw is None else Plan(base=BASE)
    composer = Composer(Tracker(lambda _: plan))
    first, second = (composer.compose(make_copy(letter, recipient_id=number), SIGNERS) for number in (1, 2))
    assert first is second


def test_links_are_those_of_the_merged_text() -> None:
    letter = make_letter(
        html='<a href="https://%HOST%/?n=%NAME%">x</a><a href="https://shop.example/%OTHER%">y</a>',
        account_id=7,
        syntax=Syntax.SENDCLOUD,
    )
    for name in ("Tom", "A&B"):
        html = texts_of(compose(TRACKED, letter, variables={"HOST": "shop.example", "NAME": name}))["text/html"]
        assert links_in(html) == [("c", link(f"https://shop.example/?n={name}")), ("o", link())]
        assert 'href="https://shop.example/%OTHER%"' in html


def test_a_letter_is_cut_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tracker, letter = Tracker(lambda _: TRACKED), make_letter(html=HTML, text=TEXT)
    first, second = (tracker(make_copy(letter, recipient_id=number)).rewrite for number in (1, 2))
    assert first is not None
    assert second is not None
    first("html", HTML)
    monkeypatch.setattr("gateway.engine.track.cut", None)  # whoever called it again would fail
    assert second("html", HTML).count(f"{BASE}/t/") == 2


anything = st.lists(
    st.sampled_from(
        [
            "<a href='",
            "https://shop.example/",
            "'>",
            "</body>",
            "\n",
            "\r",
            "\0",
            "\ud800",
            "ü",
            "%V%",
            "x" * 990,
            "-->",
            "<!--",
        ]
    )
).map("".join)


@given(anything, anything, anything)
def test_no_text_or_value_breaks_the_wire(text: str, html: str, value: str) -> None:
    letter = make_letter(text=f"{text}x", html=f"{html}x", syntax=Syntax.SENDCLOUD)
    out = Composer(Tracker(lambda _: ALL)).compose(make_copy(letter, variables={"V": value}), SIGNERS[1:])
    assert find_fault(out.wire) == ""
    assert not out.needs_8bit


# Raw mail ----------------------------------------------------------------------------------------------------------------

HEAD = b"From: news@acme.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
PART = (
    b"--b\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<p>Gr\xfc\xdfe <a href='https://shop.example/?\xfc'>x</a>\r\n"
)
TWO = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + PART + PART + b"--b--\r\n"


def raw(octets: bytes) -> Letter:
    return make_letter(raw=octets, text="", account_id=7)


def test_links_stay_in_text_whose_lines_are_joined_for_the_reader() -> None:
    head = b"From: a@acme.example\r\nContent-Type: text/plain; format=flowed; delsp=yes\r\n\r\n"
    body = b"See https://shop.example/a- \r\nlong-one and https://shop.example/b\r\n"
    assert compose(Plan(base=BASE, clicks=Clicks.BOTH), raw(head + body)).endswith(b"\r\n\r\n" + body)
    with_footer = compose(ALL, raw(head + body)).partition(b"\r\n\r\n")[2]
    assert with_footer.startswith(body)
    assert [purpose for purpose, _ in links_in(with_footer.decode())] == ["u"]


def test_raw_mail_is_tracked_in_its_texts_with_one_pixel() -> None:
    wire = compose(TRACKED, raw(TWO))
    first, second = (text for _, text in parts_of(parse(wire)))
    assert links_in(first) == [("c", link("https://shop.example/?ü")), ("o", link())]
    assert links_in(second) == [("c", link("https://shop.example/?ü"))]
    assert find_fault(wire) == ""
    assert verify_with_dkimpy(wire) == [True, True]


@pytest.mark.parametrize("plan", [TRACKED, FOOTER])
@pytest.mark.parametrize("kind", [b"signed; protocol=x", b"encrypted"])
def test_what_is_signed_or_encrypted_stays(plan: Plan, kind: bytes) -> None:
    mail = HEAD + b"Content-Type: multipart/" + kind + b"; boundary=b\r\n\r\n" + PART + b"--b--\r\n"
    assert compose(plan, raw(mail)).endswith(mail.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("plan", [TRACKED, FOOTER])
def test_text_that_is_signed_by_itself_stays(plan: Plan) -> None:
    text = f"-----BEGIN PGP SIGNED MESSAGE-----\n\n{SHOP}\n-----BEGIN PGP SIGNATURE-----\n"
    assert texts_of(compose(plan, make_letter(text=text)))["text/plain"] == text


# The way out -------------------------------------------------------------------------------------------------------------


def way_out_of(wire: bytes) -> Link | None:
    field = str(parse(wire)["List-Unsubscribe"])
    assert field.startswith(f"<{BASE}/t/u/")
    assert field.endswith(">")
    return links_in(field)[0][1]


@pytest.mark.parametrize("letter", [make_letter(account_id=7), raw(TWO)])
def test_a_way_out_stands_in_the_header_and_is_signed(letter: Letter) -> None:
    wire = compose(WAY_OUT, letter)
    assert way_out_of(wire) == link()
    assert parse(wire)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert b"List-Unsubscribe:List-Unsubscribe-Post" in re.sub(rb"\s", b"", wire.partition(b"bh=")[0])
    assert verify_with_dkimpy(wire) == [True, True]
    assert texts_of(wire) == texts_of(compose(Plan(base=BASE), letter))


def test_a_way_out_names_its_page() -> None:
    assert way_out_of(compose(replace(WAY_OUT, page_id=3))) == link(page_id=3)


@pytest.mark.parametrize(
    "letter",
    [
        make_letter(headers=(("list-unsubscribe", "<https://acme.example/u>"),)),
        raw(b"LIST-Unsubscribe: <https://acme.example/u>\r\n" + TWO),
    ],
)
def test_the_customers_own_way_out_stands(letter: Letter) -> None:
    message = parse(compose(WAY_OUT, letter))
    assert message.get_all("List-Unsubscribe") == ["<https://acme.example/u>"]
    assert "List-Unsubscribe-Post" not in message


FIELDS = {
    Syntax.SENDCLEAN: "{{unsubscribe_url}}",
    Syntax.SENDCLOUD: "%unsubscribe_url%",
    Syntax.MAILUP: "[unsubscribe_url]",
    Syntax.OCTETH: "%Subscriber:unsubscribe_url%",
    Syntax.LIQUID: "{{ unsubscribe_url }}",
}


@pytest.mark.parametrize("syntax", FIELDS)
def test_the_url_fills_a_field_in_every_syntax(syntax: Syntax) -> None:
    letter = make_letter(html=f'<a href="{FIELDS[syntax]}">x</a>', text=FIELDS[syntax], syntax=syntax, account_id=7)
    texts = texts_of(compose(ALL, letter))
    assert links_in(texts["text/html"]) == [("u", link()), ("o", link())]  # not tracked, and no footer beside it
    assert links_in(texts["text/plain"]) == [("u", link())]


@pytest.mark.parametrize("door", ["sendclean", "sendcloud", "mailup", "octeth"])
def test_mail_without_values_may_name_the_url_as_its_door_does(door: str) -> None:
    letter = make_letter(text=f"{FIELDS[Syntax(door)]} %NAME% [NAME]", door=door, account_id=7, variables={"NAME": "x"})
    text = texts_of(compose(WAY_OUT, letter))["text/plain"]
    assert links_in(text) == [("u", link())]
    assert text.strip().endswith(" %NAME% [NAME]")


def test_sendclouds_own_name_of_the_url_is_known() -> None:
    letter = make_letter(html='<a href="%%user_defined_unsubscribe_link%%">x</a>', door="sendcloud", account_id=7)
    assert re.search(rf'<a href="{BASE}/t/u/[\w-]+">x', texts_of(compose(WAY_OUT, letter))["text/html"])


def test_a_value_of_the_customers_wins() -> None:
    letter = make_letter(text="%unsubscribe_url%", syntax=Syntax.SENDCLOUD, variables={"unsubscribe_url": "mine"})
    assert texts_of(compose(WAY_OUT, letter))["text/plain"].strip() == "mine"


def test_without_a_way_out_its_field_stays() -> None:
    letter = make_letter(text="%unsubscribe_url% %a%", syntax=Syntax.SENDCLOUD, variables={"a": "b"})
    assert texts_of(compose(TRACKED, letter))["text/plain"].strip() == "%unsubscribe_url% b"


def test_a_footer_stands_below_each_text() -> None:
    texts = texts_of(compose(FOOTER))
    assert links_in(texts["text/html"]) == links_in(texts["text/plain"]) == [("u", link())]
    assert re.search(r">Leave &amp; rest</a></p></body>\s*$", texts["text/html"])
    assert re.search(r"\n\nLeave & rest: https://\S+\n$", texts["text/plain"])


def test_a_text_with_a_way_out_gets_no_footer() -> None:
    html, text = '<a href="https://acme.example/unsubscribe">x</a>', "Leave at https://acme.example/opt-out"
    texts = texts_of(compose(FOOTER, make_letter(html=html, text=text)))
    assert [texts[kind].strip() for kind in ("text/html", "text/plain")] == [html, text]


# Who decides -------------------------------------------------------------------------------------------------------------


def letter_of(tenant: Tenant, **changes: Any) -> Letter:
    keys = {"account_id": tenant.account.pk, "domain_id": tenant.domain.pk, "smtp_user_id": tenant.smtp_user.pk}
    return make_letter(**keys | changes)


def change_domain(tenant: Tenant, **changes: Any) -> None:
    SenderDomain.objects.filter(pk=tenant.domain.pk).update(**changes)
    queries.forget()


def change_user(tenant: Tenant, **changes: Any) -> None:
    SMTPUser.objects.filter(pk=tenant.smtp_user.pk).update(**changes)
    credentials.forget()


ANY = (None, True, False)
CHOICES = [*product(ANY, ANY, ANY, (True, False))]


@pytest.mark.parametrize(("message", "user", "domain", "account"), CHOICES)
def test_the_message_beats_the_user_and_the_domain_and_those_the_account(
    acme: Tenant, message: bool | None, user: bool | None, domain: bool | None, account: bool
) -> None:
    type(acme.account).objects.update(track_opens=account, track_clicks=account)
    change_domain(acme, track_opens=domain, track_clicks=domain)
    change_user(acme, track_opens=user, track_clicks=user)
    clicks = None if message is None else Clicks.TEXT if message else Clicks.NONE
    plan = plan_for(letter_of(acme, track_opens=message, track_clicks=clicks))
    wish = next(wish for wish in (message, user, domain, account) if wish is not None)
    assert plan.opens is wish
    assert plan.clicks is (clicks or (Clicks.HTML if wish else Clicks.NONE))


@pytest.mark.parametrize(
    ("wishes", "bulk", "gets"),
    [
        ((None, None, False), False, (False, False)),
        ((None, None, False), True, (True, False)),
        ((None, None, True), False, (True, True)),
        ((None, True, False), False, (True, True)),
        ((None, False, True), False, (False, False)),
        ((None, False, True), True, (True, False)),
        ((True, False, False), False, (True, True)),
        ((False, True, True), True, (False, False)),
    ],
)
def test_a_way_out_is_asked_for_or_goes_with_bulk_mail(
    acme: Tenant, wishes: tuple[bool | None, bool | None, bool], bulk: bool, gets: tuple[bool, bool]
) -> None:
    message, user, domain = wishes
    change_domain(acme, unsubscribe_link=domain)
    change_user(acme, unsubscribe_link=user)
    plan = plan_for(letter_of(acme, unsubscribe_link=message, bulk=bulk))
    assert (plan.way_out, plan.footer) == gets


def test_links_name_the_platform_the_domain_or_what_was_asked_for(acme: Tenant, settings: Settings) -> None:
    settings.GATEPOST_URL = "http://mail.example"
    assert plan_for(letter_of(acme)).base == "http://mail.example"
    change_domain(acme, tracking_at=timezone.now())
    assert plan_for(letter_of(acme)).base == "http://track.acme.example"
    acme.account.tracking_domains.create(name="t.acme.example", verified_at=timezone.now(), is_secure=True)
    assert plan_for(letter_of(acme, tracking_domain="t.acme.example")).base == "https://t.acme.example"


@pytest.mark.parametrize("at", [None, timezone.now()])
def test_what_was_asked_for_and_is_gone_is_not_used(acme: Tenant, globex: Tenant, at: Any) -> None:
    owner = acme if at is None else globex
    owner.account.tracking_domains.create(name="t.other.example", verified_at=at)
    assert "other" not in plan_for(letter_of(acme, tracking_domain="t.other.example")).base


@pytest.mark.parametrize(("platform", "used"), [("https", "https://mail.example"), ("http", "http://track.acme.example")])
def test_unsubscribing_uses_https_where_there_is_any(acme: Tenant, settings: Settings, platform: str, used: str) -> None:
    settings.GATEPOST_URL = f"{platform}://mail.example"
    change_domain(acme, tracking_at=timezone.now())
    plan = plan_for(letter_of(acme, unsubscribe_link=True))
    assert (plan.base, plan.way_out_base) == ("http://track.acme.example", used)


def test_a_footer_speaks_the_language_of_its_page(acme: Tenant, globex: Tenant) -> None:
    pages = [UnsubscribePage.objects.create(account=one.account, name="x", language="de") for one in (acme, globex)]
    words = [plan_for(letter_of(acme, unsubscribe_link=True, unsubscribe_page_id=page.pk)).footer_words for page in pages]
    assert words == ["Abmelden", "Unsubscribe"]


def test_the_page_is_the_messages_else_the_users_else_the_usual_one(acme: Tenant) -> None:
    assert plan_for(letter_of(acme)).page_id == 0
    change_user(acme, unsubscribe_page_id=3)
    plans = [plan_for(letter_of(acme)), plan_for(letter_of(acme, unsubscribe_page_id=5))]
    assert [plan.page_id for plan in plans] == [3, 5]


@pytest.mark.parametrize("page_id", [0, 4711])
def test_a_footer_speaks_the_language_of_the_default_page(acme: Tenant, globex: Tenant, page_id: int) -> None:
    UnsubscribePage.objects.create(account=acme.account, name="x", language="nl", is_default=True)
    letters = [letter_of(one, unsubscribe_link=True, unsubscribe_page_id=page_id) for one in (acme, globex)]
    assert [plan_for(letter).footer_words for letter in letters] == ["Afmelden", "Unsubscribe"]


def test_without_account_or_domain_nothing_is_added(db: None) -> None:
    assert plan_for(make_letter(track_opens=True)) == Plan(base=plan_for(make_letter()).base)
