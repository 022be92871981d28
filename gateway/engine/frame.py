"""The header and footer that an account has designed, put into the texts of a mail that asks for them (seeds/003, XSmtpAPIDTO).

They become part of the message as it is stored: what is designed later does not reach mail under way. They may have merge
fields as the mail has; `[unsubscribe_url]` stands for the link to unsubscribe by in any mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from accounts.queries import Frame, find_account
from gateway.engine.rawmail import join_fields, split_raw
from gateway.engine.rawparts import Rewrite, rewrite_texts
from gateway.engine.submission import Submission, Syntax
from tracking.rewrite import is_armoured
from tracking.rewrite_body import find_body, find_body_end

_LINK: Final = "[unsubscribe_url]"
# How the link is written in mail of other syntaxes; mail that fills no fields gets MailUp's, if the frame has the link.
_LINKS: Final[Mapping[Syntax, str]] = {
    Syntax.LIQUID: "{{ unsubscribe_url }}",
    Syntax.SENDCLEAN: "{{unsubscribe_url}}",
    Syntax.SENDCLOUD: "%unsubscribe_url%",
    Syntax.OCTETH: "%Subscriber:unsubscribe_url%",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edges:
    """What stands before and after a text."""

    before: str
    after: str


def with_frame(submission: Submission) -> Submission:
    """Return the submission with its account's header and footer in its first text of each kind, where it is to have them."""
    if submission.header is False and submission.footer is False:
        return submission
    account = find_account(submission.account_id)
    edges = _edges_of(submission, account.frame) if account is not None else {}
    if not any(edge.before or edge.after for edge in edges.values()):
        return submission
    submission = replace(submission, syntax=_syntax_of(submission, edges))
    if submission.raw is not None:
        return replace(submission, raw=_frame_raw(submission.raw, edges))
    rewrite = _rewrite(edges)
    return replace(
        submission,
        html=rewrite("html", submission.html) if submission.html else "",
        text=rewrite("plain", submission.text) if submission.text else "",
    )


def _edges_of(submission: Submission, frame: Frame) -> Mapping[str, _Edges]:
    """Return what stands around texts, by their kind."""
    header = frame.has_header if submission.header is None else submission.header
    footer = frame.has_footer if submission.footer is None else submission.footer
    pairs = {"html": (frame.header_html, frame.footer_html), "plain": (frame.header_text, frame.footer_text)}
    return {
        kind: _Edges(before=_spell(before, submission) if header else "", after=_spell(after, submission) if footer else "")
        for kind, (before, after) in pairs.items()
    }


def _spell(text: str, submission: Submission) -> str:
    """Return a designed text as the mail's syntax has it: the braces of Liquid would be code there."""
    if submission.syntax is Syntax.LIQUID:
        text = text.replace("{", '{{ "{" }}')
    return text.replace(_LINK, _LINKS.get(submission.syntax, _LINK))


def _syntax_of(submission: Submission, edges: Mapping[str, _Edges]) -> Syntax:
    has_link = any(_LINK in edge.before or _LINK in edge.after for edge in edges.values())
    is_plain = submission.syntax is Syntax.NONE and not submission.is_verbatim
    return Syntax.MAILUP if has_link and is_plain else submission.syntax


def _frame_raw(raw: bytes, edges: Mapping[str, _Edges]) -> bytes:
    fields, begin = split_raw(raw)
    changed, body = rewrite_texts(fields, raw[begin:], _rewrite(edges))
    return join_fields(changed) + b"\r\n" + body


def _rewrite(edges: Mapping[str, _Edges]) -> Rewrite:
    """Return what puts the edges around the first text of each kind; what comes armoured stays."""
    left = dict(edges)

    def rewrite(kind: str, text: str) -> str:
        edge = left.pop("html" if kind == "html" else "plain", None)
        if edge is None or is_armoured(text):
            return text
        return _into_html(text, edge) if kind == "html" else _into_text(text, edge)

    return rewrite


def _into_html(html: str, edge: _Edges) -> str:
    begin = find_body(html) if edge.before else 0
    end = max(begin, find_body_end(html)) if edge.after else len(html)
    return f"{html[:begin]}{edge.before}{html[begin:end]}{edge.after}{html[end:]}"


def _into_text(text: str, edge: _Edges) -> str:
    before = f"{edge.before}\n\n" if edge.before else ""
    gap = "\n" if text.endswith(("\n", "\r")) else "\n\n"
    return f"{before}{text}{gap}{edge.after}\n" if edge.after else f"{before}{text}"
