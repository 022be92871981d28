"""The words by which SMTP receivers say what they hold against a mail: the table behind `replies.classify`.

Each row is a kind and the patterns that show it; the first row that matches wins, so what is said of a narrower thing stands
first. Gaps in a pattern are bounded, so that no text takes long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """Whom or what a refusal is about."""

    RECIPIENT = "recipient"  # no such address: of a refusal for good, the one kind after which it is not mailed again
    MAILBOX = "mailbox"  # the address is there, or may be, but its mailbox is locked, asleep or unpaid: that may change
    FULL = "full"  # the mailbox is
    BLOCKED = "blocked"  # our host: listed, of bad repute, without a name in DNS
    RATE = "rate"  # too fast, too many, too many connections
    GREYLIST = "greylist"
    CONTENT = "content"  # spam, virus, a link in it
    AUTHENTICATION = "authentication"  # SPF, DKIM, DMARC
    SENDER = "sender"  # the envelope sender or its domain
    POLICY = "policy"
    SIZE = "size"
    NETWORK = "network"  # routing, DNS, loops, relaying
    SYSTEM = "system"  # the receiver's machines
    PROTOCOL = "protocol"  # commands, parameters, encodings
    OTHER = "other"


# Words that the patterns are made of.
_IP = r"(?:(?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:.]{7,}\])"
_HOST = (
    rf"(?:\b(?:ips?|hosts?|clients?|mta|subnet|(?:your|sending|remote|their) (?:mail )?(?:server|network)|connect\w*)\b|{_IP})"
)
_LISTED = (
    r"\b(?:(?:black|block|deny|reject|bad)[- ]?list\w*|bann(?:ed|ing)|(?:block|prohibit|refus)(?:ed)?|denied|listed|rejected by"
    r"|not (?:be )?(?:allowed|accepted|permitted|welcome|authorized))\b"
)
_ADDRESS = (
    r"\b(?:user(?:name)?|recipients?|mail ?box|account|address(?:ee)?|person|destination|alias|member|rcpt|customer|e-?mail"
    r"|login|subscriber|inbox)\b"
)
_GONE = (
    r"\b(?:unknown|no longer|disabled|deactivated|inactive|invalid|suspended|terminated|expired|closed|locked|undeliverable"
    r"|deleted|discontinued|unavailable|unroute?able|dormant|non-?exist\w*"
    r"|(?:do|does|did) ?(?:no|n'|n)t (?:exist|have)|not exist\w*"
    r"|not (?:be )?(?:found|known|valid|recogni[sz]ed|here|available|active|registered|local|listed|a valid)"
    r"|has been (?:blocked|cancel\w*|removed|moved)|address rejected|cannot receive)"
)
_NO_SUCH = (
    r"\b(?:unknown|invalid|no such|no valid|non-?exist\w*|undeliverable|inactive|disabled|unrecogni[sz]ed"
    r"|unroute?able|incorrect|not a (?:valid|known|local)|wrong|expired|bad destination|no)"
)
_SENDER = r"(?:\b(?:(?:envelope )?sender(?:'s)?|mail from|return[- ]path|originator)\b)"
_LETTER = r"\b(?:message|mail|e-?mail|body|content|text)\b"
_LINK = r"\b(?:urls?|uris?|links?|domains?)\b"
_COUNTED = (
    r"\b(?:connections?|sessions?|messages?|e?-?mails?|requests?|recipients|rcpts|attempts|errors|deliver\w+|simultaneous"
    r"|concurrent|threads|spams)\b"
)

_WORDS: Final[tuple[tuple[Kind, tuple[str, ...]], ...]] = (
    (
        Kind.CONTENT,  # lists of domains and links are about the mail, lists of addresses about our host
        (
            r"\b(?:dbl\b|surbl|uribl|ivmuri|rhsbl|url ?bl)|spamhaus\.org/(?:query/domain|dbl)",
            rf"{_LINK}.{{0,20}}\b(?:in|within)\b.{{0,12}}{_LETTER}",
            rf"{_LETTER}.{{0,20}}\bcontain\w*.{{0,40}}(?:{_LINK}|spam|virus|malware)",
            r"\b(?:virus|malware|trojan|phish|infected)",
        ),
    ),
    (Kind.SENDER, (r"reputation of the (?:sending |sender's )?domain|\bdomain.{0,20} reputation",)),
    (Kind.GREYLIST, (r"\bgr[ae]y ?-?list", r"postgrey", r"unknown triplet")),
    (
        Kind.RATE,
        (
            rf"too many .{{0,30}}{_COUNTED}|too (?:fast|frequent|quick)|too much mail|trop de connexions",
            r"\brate[- ]?(?:limit|control)|\bthrottl|\bslow(?:ing)? down|\bback ?off",
            r"\b(?:rate|frequency|connection|sending|hourly|daily|volume|traffic) (?:\w+ )?(?:limit|quota)",
            r"\b(?:unusual|excessive|high|unexpected) (?:rate|amount|volume|number)\b",
            rf"\bexceed\w*.{{0,40}}(?:\brate\b|{_COUNTED}|per (?:second|minute|hour|day))",
            rf"{_COUNTED} (?:\w+ ){{0,4}}(?:limit (?:\w+ )?(?:exceed|reach)|per (?:second|minute|hour|day))",
            rf"{_COUNTED} (?:\w+ ){{0,4}}temporarily deferred",
        ),
    ),
    (
        Kind.AUTHENTICATION,
        (
            r"\b(?:dmarc|dkim|spf)\b|sender policy framework|openspf",
            rf"unauthenticated .{{0,12}}{_LETTER}|\b(?:pass|meet|fail)\w* .{{0,40}}authentication",
        ),
    ),
    (
        Kind.BLOCKED,
        (
            # lists of hosts, by name
            r"spamhaus|sbl-xbl|spamcop|sorbs|barracudacentral|uceprotect|spamrats|mailspike|abuseat|invaluement|backscatterer",
            r"nixspam|truncate\.gbudb|abusix|hostkarma|senderscore|senderbase|trustedsource|symantec zodiac",
            r"ipcheck\.proofpoint|csi\.cloudmark|cloud-security|\b(?:zen|sbl|xbl|pbl|cbl|psbl|dul)\b",
            r"\b(?:[rb]bls?|dnsbl\w*)\b|dns_?rbl|\brbl[-_+]",
            r"\bdns ?(?:block|black)|real-?time (?:black|block)|(?:exploits|policy) block list|dial-?up|open (?:relay|proxy)",
            # the same in other words
            rf"{_HOST}.{{0,80}}{_LISTED}|{_LISTED}.{{0,60}}{_HOST}|^blacklisted\b",
            r"\breputation\b|access to .{0,40}(?:mail )?system has been|request removal|\bde-?list(?:ing|ed)?\b|\bunblock",
            r"sending spam|(?:source|origin|sender) of spam|spam (?:source|sender)\b|dynamic.{0,30}\bips?\b",
            # no name in DNS, or a wrong one
            r"reverse[- ](?:dns|lookup|host|name|address|mapping|resolution)|\br-?dns\b|\bptr\b|fcrdns",
            r"find your (?:reverse )?host ?name",
            r"\b(?:helo|ehlo)\b.{0,60}(?:reject|invalid|resolve|match|not |refus|forged)",
        ),
    ),
    (
        Kind.FULL,
        (
            rf"{_ADDRESS}.{{0,60}}\b(?:full|over.?limit|out of (?:space|storage))\b|\bover ?-?(?:\w+ ){{0,2}}quota",
            r"quota (?:\w+ )?(?:exceed|full|violat|reach)|\bexceed\w* .{0,30}(?:quota|storage|space)",
            r"insufficient (?:disk |mailbox |user )?(?:quota|storage|space)\b(?! on)|not enough (?:\w+ )?(?:space|storage)",
        ),
    ),
    (
        Kind.SENDER,
        (
            rf"{_SENDER}.{{0,60}}(?:\bnot\b|n't\b|invalid|unknown|verif|reject|refus|denied|block|\bmx\b)|bad sender",
            r"domain of sender|callback|callout|verification failed for|blocked senders",
        ),
    ),
    (
        Kind.RECIPIENT,
        (
            rf"{_ADDRESS}.{{0,80}}{_GONE}|{_NO_SUCH} (?:\w+ ){{0,2}}{_ADDRESS}|unroute?able address|recipnotfound",
            r"nobody here|not our customer|account that you tried|no mailbox|mailbox not|does not (?:accept|receive)",
        ),
    ),
    (
        Kind.SIZE,
        (
            rf"(?:{_LETTER}|\b(?:size|attachments?|headers?)\b).{{0,40}}(?:too (?:big|large|long)|exceed\w*|larger than)",
            r"maximum (?:\w+ )?size|\bexceed\w* .{0,40}\bsize|size limit",
        ),
    ),
    (
        Kind.CONTENT,
        (
            r"(?<![a-z])(?:spam\w*|junk\w*|ube|uce|spm|unsolicited|bulk|rspamd|bayes\w*)|mcspam|\bcontent",
            r"\b(?:attachments?|file ?types?|extensions?|executables?)\b.{0,50}(?:not|block|prohib|forbid|bann|reject)",
            r"\b(?:subject|headers?)\b.{0,50}(?:not|block|prohib|forbid|bann|reject)",
        ),
    ),
    (
        Kind.NETWORK,
        (
            r"\bloop|too many hops|hop count|host not found|unreachable|\brelay|rcpthosts|timed?[ -]?out\b",
            r"connection (?:lost|closed|reset)",
            r"\b(?:dns|name ?server|lookup|routing) (?:error|fail|timeout)",
        ),
    ),
    (
        Kind.SYSTEM,
        (
            r"\b(?:internal|local|server|system|software|database|configuration) (?:\w+ )?(?:error|fail|problem)",
            r"\b(?:server|system|queue|service) (?:\w+ )?(?:error|fail|problem|unavail|not avail)",
            r"\b(?:disk|memory|resources?) .{0,20}(?:full|exhaust|low|error)|insufficient|out of memory",
            r"overload|load (?:average|too)",
            r"maintenance|\bbusy\b",
        ),
    ),
    (
        Kind.PROTOCOL,
        (
            r"syntax|\b(?:command|sequence|parameter|protocol)\b|not implemented|starttls|pipelin|bare (?:lf|newline|cr)\b",
            r"8-?bit|smtputf8|line too long|nested mail",
        ),
    ),
    (Kind.BLOCKED, (_IP,)),  # whoever quotes an address, and says nothing else that we know, means ours
    (
        Kind.POLICY,
        (
            r"polic(?:y|ies)|not (?:authori[sz]ed|permitted|allowed|accept)|denied|administrative|prohibit",
            r"forbidden|refuse|reject",
            r"\bblock|restrict|unwanted|decline",
        ),
    ),
)

ASLEEP: Final = re.compile(
    r"\b(?:suspend|disabled|deactivat|de-activat|inactive|in-active|locked|dormant|discontinued|frozen|barred)"
    r"|\btemporar\w+ (?:locked|un|not|dis|inact)|not (?:been )?(?:active|activated|enabled)"
    r"|account .{0,20}(?:closed|blocked|expired)"
    r"|\bpaused|will not accept|currently not",
    re.IGNORECASE,
)
"""What turns words about a recipient into words about its mailbox: the address is not held to be bad."""

PATTERNS: Final[tuple[tuple[Kind, Callable[[str], re.Match[str] | None]], ...]] = tuple(
    (kind, re.compile("|".join(words), re.IGNORECASE).search) for kind, words in _WORDS
)
