"""What a submission must be before it is stored. Each step raises the refusal that it finds, and writes nothing.

Policy stands here and nowhere else: doors translate, `accept` stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from domains.queries import DomainFacts
from gateway.base.errors import (
    ContentMissing,
    FieldInvalid,
    HeaderInvalid,
    MessageTooLarge,
    RecipientInvalid,
    RecipientMissing,
    TooManyRecipients,
)
from gateway.engine.about import with_member
from gateway.engine.charsets import fits
from gateway.engine.frame import with_frame
from gateway.engine.headers import check_file, check_header, check_name, check_subject
from gateway.engine.permits import check_account, check_hosts, check_senders, check_signing
from gateway.engine.rawmail import read_raw, split_raw
from gateway.engine.rawparts import size_of_files
from gateway.engine.submission import Addressee, Kind, Mailbox, Submission
from gateway.engine.templated import find_template_of, with_template
from gateway.smtp.addresses import Address, AddressError, parse_address
from templates_app.lists import ListFacts, find_facts, no_such_list
from templates_app.queries import find_page_language

MAX_RECIPIENTS = 1000  # decision 2
MAX_LISTS = 5  # of one send
MAX_HEADERS = 200  # of their own that a customer may set
MAX_UNIQUE_ID = 255  # characters
MAX_HEADER_SIZE = 256 * 1024  # characters of them together
MAX_ECHOED = 16 * 1024  # characters of those that come back with events together: each event keeps them
_KINDS = (Kind.TO, Kind.CC, Kind.BCC)  # positions count over them in this order (decision 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A submission that passed every check, with what the checks found out."""

    submission: Submission  # with the bodies of its template, where it names one
    asked: Submission  # as it was handed in
    subject: str
    sender: Mailbox  # addresses that are shown have their normal form: what was checked is what readers' programs see
    reply_to: tuple[Mailbox, ...]
    domain: DomainFacts
    signing: DomainFacts  # whose keys sign: the sender's domain, unless another one was asked for
    recipients: tuple[tuple[Addressee, Address], ...]  # in the order of their positions, each address once
    lists: tuple[ListFacts, ...] = ()  # that it goes to instead, each once
    unique_id: str
    size: int
    files_size: int
    template_version_id: int | None = None


def check(submission: Submission) -> Draft:
    """Return the draft of a submission; raise the first refusal that holds."""
    check_account(submission.account_id)
    check_header_room(submission.headers)
    check_echoed(submission.event_headers)
    asked, submission = submission, with_member(submission)
    template = find_template_of(submission)
    if template is not None:
        submission = with_template(submission, template)
    subject, senders, unique_id = _read(submission)
    check_unique_id(unique_id)
    sender, domain = check_senders(submission, senders)
    signing = check_signing(submission) or domain
    check_hosts(submission)
    check_page(submission)
    lists = check_lists(submission)
    reply_to = check_reply_to(submission.reply_to)
    recipients = () if lists else check_recipients(submission.recipients)
    submission = note_charset(with_frame(submission))
    size, files_size = check_sizes(submission, unique_id)
    return Draft(
        submission=submission,
        asked=asked,
        subject=subject,
        sender=sender,
        reply_to=reply_to,
        domain=domain,
        signing=signing,
        recipients=recipients,
        lists=lists,
        unique_id=unique_id,
        size=size,
        files_size=files_size,
        template_version_id=template.version_id if template is not None else None,
    )


def check_unique_id(unique_id: str) -> None:
    """Raise where the customer's own id of a message is longer than what events and searches have room for."""
    if len(unique_id) > MAX_UNIQUE_ID:
        raise HeaderInvalid(
            f"The header X-Unique-Id is longer than {MAX_UNIQUE_ID} characters.", field="headers.X-Unique-Id", value=unique_id
        )


def check_page(submission: Submission) -> None:
    """Raise unless the unsubscribe page that was asked for is the account's."""
    page_id = submission.unsubscribe_page_id
    if page_id is not None and find_page_language(submission.account_id, page_id) is None:
        raise FieldInvalid(
            "unsubscribe_page_id",
            f"This account has no unsubscribe page {page_id}; take the number of one from its list.",
            value=str(page_id),
        )


def check_reply_to(mailboxes: Iterable[Mailbox]) -> tuple[Mailbox, ...]:
    """Return where answers go; raise unless they can."""
    found = []
    for mailbox in mailboxes:
        check_name(mailbox.name, field="reply_to")
        try:
            found.append(Mailbox(email=parse_address(mailbox.email).text, name=mailbox.name))
        except AddressError as error:
            raise FieldInvalid("reply_to", str(error), value=mailbox.email) from None
    return tuple(found)


def check_recipients(addressees: Iterable[Addressee]) -> tuple[tuple[Addressee, Address], ...]:
    """Return the recipients in the order of their positions, each address once (the first one stays)."""
    found: dict[str, tuple[Addressee, Address]] = {}
    given = list(addressees)
    if len(given) > MAX_RECIPIENTS:
        raise TooManyRecipients(f"The message has {len(given)} recipients; at most {MAX_RECIPIENTS} are allowed.")
    for kind in _KINDS:
        for addressee in given:
            if addressee.kind is kind:
                address = _read_recipient(addressee)
                found.setdefault(address.text.lower(), (addressee, address))
    if not found:
        raise RecipientMissing
    return tuple(found.values())


def check_lists(submission: Submission) -> tuple[ListFacts, ...]:
    """Return the address lists that a submission goes to, each once; raise where the account has no such list."""
    wanted = tuple(dict.fromkeys(submission.list_ids))
    if len(wanted) > MAX_LISTS:
        raise TooManyRecipients(f"The message goes to {len(wanted)} address lists; at most {MAX_LISTS} are allowed.")
    if wanted and submission.recipients:
        raise RecipientInvalid("A message to address lists names no other recipients.", field="to")
    found = find_facts(submission.account_id, wanted) if wanted else {}
    for list_id in wanted:
        if list_id not in found:
            raise no_such_list(str(list_id))
    if wanted and submission.refuse_empty_lists and not any(one.member_count for one in found.values()):
        raise FieldInvalid("list_members", "The address list has no members.", value=str(wanted[0]))
    return tuple(found[list_id] for list_id in wanted)


def note_charset(submission: Submission) -> Submission:
    """Return the submission with a note where its texts have characters that the charset which was asked for has not."""
    texts = (submission.html, submission.text, *submission.variables.values())
    if not submission.charset or fits(texts, submission.charset):
        return submission
    note = f"Some characters are not in {submission.charset}: texts that have them are in UTF-8."
    return replace(submission, notes=(*submission.notes, note))


def check_sizes(submission: Submission, unique_id: str) -> tuple[int, int]:
    """Return the bytes of bodies and files together, and of the files alone; raise MessageTooLarge.

    The files of raw mail are weighed where a customer may ask for them: by an X-Unique-Id.
    """
    files = sum(len(file.content) for file in submission.files)
    size = files + len(submission.raw or b"") + _octets("html", submission.html) + _octets("text", submission.text)
    if size > settings.GATEPOST_MAX_SIZE:
        raise MessageTooLarge(f"The message has {size} bytes; at most {settings.GATEPOST_MAX_SIZE} are allowed.")
    return size, _weigh_files(submission.raw) if submission.raw is not None and unique_id else files


def _weigh_files(raw: bytes) -> int:
    fields, body = split_raw(raw)
    return size_of_files(fields, raw[body:])


def _read(submission: Submission) -> tuple[str, Sequence[Mailbox], str]:
    """Return subject, senders and X-Unique-Id, read from the bytes of raw mail or from the fields."""
    if submission.raw is not None:
        head = read_raw(submission.raw, max_size=settings.GATEPOST_MAX_SIZE)
        return head.subject, head.senders, submission.unique_id or head.unique_id
    _check_fields(submission)
    return submission.subject, [submission.sender] if submission.sender else [], submission.unique_id


def _check_fields(submission: Submission) -> None:
    if not submission.html and not submission.text:
        raise ContentMissing
    check_subject(submission.subject)
    if submission.sender is not None:
        check_name(submission.sender.name)
    for addressee in submission.recipients:
        check_name(addressee.name, field=addressee.kind.value)
    for name, value in submission.headers:
        check_header(name, value)
    for file in submission.files:
        check_file(file)


def check_header_room(headers: Sequence[tuple[str, str]]) -> None:
    """Raise where there are more headers than a mail may have of its customer's own."""
    if len(headers) > MAX_HEADERS:
        raise HeaderInvalid(f"There are {len(headers)} headers; at most {MAX_HEADERS} are allowed.", field="headers")
    if sum(len(value) for _, value in headers) > MAX_HEADER_SIZE:
        raise HeaderInvalid(f"The headers have more than {MAX_HEADER_SIZE:,} characters together.", field="headers")


def check_echoed(headers: Mapping[str, str]) -> None:
    """Raise where headers that events carry back are more than every event of the mail has room for."""
    if sum(len(name) + len(value) for name, value in headers.items()) > MAX_ECHOED:
        sentence = f"The headers that come back with events have more than {MAX_ECHOED:,} characters together."
        raise HeaderInvalid(sentence, field="headers")


def _read_recipient(addressee: Addressee) -> Address:
    try:
        return parse_address(addressee.email)
    except AddressError as error:
        raise RecipientInvalid(str(error), field=addressee.kind.value, value=addressee.email) from None


def _octets(field: str, text: str) -> int:
    if "\0" in text:
        raise FieldInvalid(field, f"The field {field} has a NUL character; remove it.")
    try:
        return len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise FieldInvalid(field, f"The field {field} has half of a surrogate pair; send whole characters.") from None
