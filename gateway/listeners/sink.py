"""A receiving mail server for tests, the demo and benchmarks: takes all mail, journals every transaction, refuses by rules.

It judges nothing: stray newlines are taken as they come, as a journal of what a sender really does. No Django here.
"""

from __future__ import annotations

import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import count

from gateway.listeners.connection import Connection
from gateway.listeners.journal import Stage, Transaction
from gateway.listeners.listener import Caps, Crowd, Listener, Patience
from gateway.smtp.events import (
    DataRequested,
    Event,
    HelloReceived,
    MailRequested,
    MessageReceived,
    RecipientRequested,
    Reply,
    ResetRequested,
)
from gateway.smtp.limits import Limits
from gateway.smtp.policy import Policy
from gateway.smtp.words import words_of

GRAMMAR = """A rule is STAGE:CODE[:PATTERN[:TIMES[:TEXT]]], the first that matches counts.
  STAGE    connect, ehlo, mail, rcpt, data, or dot (the end of a message)
  CODE     a reply code such as 450; `drop` closes without a reply, `hang` never replies
  PATTERN  a glob in lower case over the recipient (at rcpt, data, dot), the sender (mail) or the client's
           address (connect, ehlo); empty for all
  TIMES    how many times it holds for one such address, as greylisting does; empty for always
  TEXT     what the reply says, with an enhanced code if you like; may have colons
Examples: rcpt:550  rcpt:450:*@slow.example:1:4.7.1 Greylisted  dot:drop  connect:421::2"""


class Silence(StrEnum):
    """What may be done instead of a reply."""

    DROP = "drop"
    HANG = "hang"


Action = Reply | Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What to do at a stage, for subjects that match `pattern`, the first `times` times of each (0: always)."""

    stage: Stage
    action: Action
    pattern: str = "*"
    times: int = 0


def parse_rule(text: str) -> Rule:
    """Return the rule that `text` is, see GRAMMAR; raise ValueError with a sentence."""
    stage, code, pattern, times, words = (*text.split(":", 4), "", "", "", "", "")[:5]
    if stage not in list(Stage) or (times and not times.isdecimal()):
        raise ValueError(f"{text!r} is no rule. {GRAMMAR}")
    return Rule(stage=Stage(stage), action=_parse_action(code, words), pattern=pattern or "*", times=int(times or 0))


def _parse_action(code: str, words: str) -> Action:
    if code in list(Silence):
        return Silence(code)
    if len(code) != 3 or not code.isdecimal() or code[0] not in "245":
        raise ValueError(f"{code!r} is no reply code, `drop` or `hang`. {GRAMMAR}")
    return Reply(int(code), words or _WORDS[code[0]])


_WORDS = {"2": "OK", "4": "Not now, by a rule", "5": "No, by a rule"}


class Script:
    """The rules, and how often each has held for whom."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._held: Counter[tuple[int, str]] = Counter()

    def find(self, stage: Stage, subjects: Sequence[str]) -> Action | None:
        """Return what the first rule that holds says, None without one."""
        for place, rule in enumerate(self._rules):
            if rule.stage is stage:
                for subject in subjects:
                    if self._holds(place, rule, subject):
                        return rule.action
        return None

    def _holds(self, place: int, rule: Rule, subject: str) -> bool:
        if not fnmatchcase(subject.lower(), rule.pattern):
            return False
        self._held[place, subject] += bool(rule.times)
        return self._held[place, subject] <= rule.times


class SinkConnection(Connection):
    """A client of the sink."""

    def __init__(self, listener: Listener, script: Script, record: Callable[[Transaction], None]) -> None:
        super().__init__(listener)
        self._script = script
        self._record = record
        self._open: Transaction | None = None
        self._accepted: list[str] = []  # recipients of the open transaction

    def welcome(self) -> None:
        action = self.listener.admit(self) or self._script.find(Stage.CONNECT, (self.client,))
        if action is not None:
            self._begin(Stage.CONNECT)
            self._end(action)
        if isinstance(action, Silence):
            self._be_silent(action)
        else:
            self.server.greet(action)

    def connection_lost(self, exc: Exception | None) -> None:
        self._give_up()
        super().connection_lost(exc)

    def handle(self, event: Event) -> None:
        match event:
            case HelloReceived():
                self._greet()
            case MailRequested():
                self._mail(event)
            case RecipientRequested():
                self._rcpt(str(event.recipient))
            case DataRequested():
                self._data()
            case MessageReceived():
                self._message(event.content)
            case ResetRequested():
                self._give_up()
                self.server.answer()

    def _greet(self) -> None:
        self._give_up()
        action = self._script.find(Stage.EHLO, (self.client,))
        if action is not None:
            self._begin(Stage.EHLO)
            self._end(action)
        self._act(action)

    def _mail(self, event: MailRequested) -> None:
        self._give_up()
        sender = str(event.sender or "")
        self._begin(Stage.MAIL, mail_from=sender, parameters=event.parameters)
        action = self._script.find(Stage.MAIL, (sender,))
        if action is not None:
            self._end(action)
        self._act(action)

    def _rcpt(self, recipient: str) -> None:
        action = self._script.find(Stage.RCPT, (recipient,)) or Reply(250, f"recipient <{recipient}> OK")
        if self._open is not None:
            self._open.stage = Stage.RCPT
            self._open.reply = str(action)
            self._open.rcpt_to.append((recipient, str(action)))
        if isinstance(action, Reply) and action.is_positive:
            self._accepted.append(recipient)
        self._act(action)

    def _data(self) -> None:
        action = self._script.find(Stage.DATA, self._accepted)
        if self._open is not None:
            self._open.stage = Stage.DATA
        if action is not None:
            self._end(action)
        self._act(action)

    def _message(self, content: bytes) -> None:
        if self._open is None:
            raise RuntimeError("A message comes after MAIL.")
        self._open.stage, self._open.content = Stage.DOT, content
        action = self._script.find(Stage.DOT, self._accepted) or Reply(250, f"#{self._open.number}#Queued")
        self._end(action)
        self._act(action)

    def _begin(self, stage: Stage, *, mail_from: str | None = None, parameters: Mapping[str, str] | None = None) -> None:
        tls = self.transport.get_extra_info("ssl_object")
        self._accepted = []
        self._open = Transaction(
            number=next(_numbers),
            time=time.time(),
            client=self.client,
            helo=self.server.hello,
            tls=(tls.version() or "") if tls else "",
            stage=stage,
            mail_from=mail_from,
            parameters=parameters or {},
        )

    def _end(self, action: Action) -> None:
        """Record the open transaction with its last reply."""
        if self._open is not None:
            self._open.reply = str(action)
        self._give_up()

    def _give_up(self) -> None:
        """Record a transaction that the client left: by RSET, a new one, or the end of the connection."""
        if self._open is not None:
            self._record(self._open)
            self._open = None

    def _act(self, action: Action | None) -> None:
        if isinstance(action, Silence):
            self._be_silent(action)
        else:
            self.server.answer(action)

    def _be_silent(self, silence: Silence) -> None:
        if silence is Silence.DROP:
            self.server.close()
        else:
            self.transport.pause_reading()


_POLICY = Policy(
    words=words_of("Sink"),
    limits=Limits(size=64 * 1024 * 1024, recipients=100_000, errors=1_000_000),
    asks=frozenset({HelloReceived, MailRequested, RecipientRequested, DataRequested, ResetRequested}),
    takes_bare_newlines=True,
)


def make_sink(
    record: Callable[[Transaction], None],
    *,
    rules: Sequence[Rule] = (),
    tls: ssl.SSLContext | None = None,
    without: Sequence[str] = (),
    size: int = _POLICY.limits.size,
) -> Listener:
    """Return a listener that takes all mail but for `rules`, and calls `record` with each transaction when it has ended.

    With `tls` it offers STARTTLS. `without` are extensions that it lacks, such as "8BITMIME"; `size` the largest message.
    """
    script = Script(rules)
    policy = replace(
        _POLICY,
        offers_tls=tls is not None,
        extensions=tuple(name for name in _POLICY.extensions if name not in without),
        limits=replace(_POLICY.limits, size=size),
    )
    return Listener(
        lambda listener: SinkConnection(listener, script, record),
        policy,
        tls=tls,
        crowd=Crowd(Caps(total=100_000, per_client=100_000)),
        patience=Patience(idle=3600),
    )


_numbers = count(1)
