"""The words by which mail that comes back shows what it is: the tables behind `bounces.read_returned`.

What a refusal means is for `reply_words`; here stands what the mails around refusals say.
"""

from __future__ import annotations

import re
from typing import Final


def _any(*words: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile("|".join(words), flags)


# From here on a mail quotes what was sent.
QUOTE: Final = _any(
    r"^[ \t>]*[-=_*#][-=_*# ]{1,99}(?:below this line|(?:this is )?(?:a |the )?copy of|(?:the )?(?:header\w*|body|text) of"
    r"|(?:your |the )?(?:original|returned|unsent|undelivered|rejected|forwarded|failed) (?:mail|message)"
    r"|message (?:header|text|body|content)|unsent|returned|included is|original)",
    r"^(?:the )?(?:original|returned|undelivered|your) (?:mail |message )?(?:message |mail |headers? |text )?"
    r"(?:follows|is (?:attached|included|below|following)|is as follows)",
    r"^(?:message|mail) (?:headers?|body|text)?\s*follow",
    r"^[ \t]*(?:the )?(?:first|top) (?:\d+ )?(?:lines|part|few)? ?of (?:the|your) (?:original )?(?:message|mail)",
    r"^the (?:attached|following) (?:file|message|is a copy)",
    r"^(?:a|the) copy of (?:the|your) (?:original )?(?:message|mail|headers)",
    r"^(?:received|return-path|dkim-signature|x-received|arc-seal): ",
    flags=re.IGNORECASE | re.MULTILINE,
)

# Who or what speaks of bounces, in From and Subject.
POSTMASTER: Final = _any(
    r"mailer-?\s?daemon|postmaster|mail deliver|mail ?admin|double-bounce|mailerdaemon|mail ?system|bounce"
)
BOUNCE_SUBJECT: Final = _any(
    r"undeliver|not deliver|unable to deliver|could ?n[o']t (?:be )?(?:deliver|sen)",
    r"return(?:ed|ing) (?:mail|message|to sender)",
    r"deliver\w* (?:\w+ )?(?:fail|error|status|problem|notif|report|delay)",
    r"fail\w* (?:notice|to deliver|deliver|mail)|mail error",
    r"failure|bounce|rejected|non[- ]?deliver|unzustellbar|nicht zugestellt|no entregad|non remis|delivery|mail could not",
    r"недоставлен|не доставлен|退信|配信|送信|エラー",
)
AUTOMATIC_SUBJECT: Final = _any(
    r"^(?:re: )?(?:auto(?:matic|mated|mat)?[ -]?(?:re(?:ply|sponse|sponder)|antwort|svar)|auto: |auto re:)",
    r"\b(?:out of (?:the )?office|away from|on vacation|vacation (?:reply|message)|abwesenheit|abwesend|absence du|ausente)\b",
    r"^(?:réponse automatique|respuesta automática|risposta automatica|automatisch antwoord|自動返信|不在)",
)

DELAYED: Final = _any(
    r"warning message only|(?:has been|is|was|still) (?:being )?delayed|delivery (?:is )?delayed|not yet been delivered",
    r"will (?:be retried|continue|keep|retry|be re-?tried)|still (?:trying|being|attempting)|no action is required",
    r"do not need to re-?send|could not be delivered (?:yet|for the last|for more)|temporary (?:failure|problem)s? .{0,40}retr",
    r"being queued|wird weiter versucht|noch nicht zugestellt",
)

_FEW = r"(?:\S+ ){0,4}?"  # words between

# The domain itself, not the address in it: for good, and not the receiver's word but the DNS's.
HOST_GONE: Final = _any(
    rf"(?<!sender )(?<!your )\b(?:(?:mail |remote |destination )?hosts?|domains?(?: name)?|host ?name|mx)\b {_FEW}"
    r"(?:not found|unknown|does ?n[o']t exist|not exist|non-?exist\w*|not reachable|could ?n[o']t be found|not known)",
    r"\b(?:unknown|no such|bad destination|illegal|non-?existent|unresolvable|unroute?able)"
    r" (?:remote )?(?:hosts?|domains?|system|mail ?host|dns|mail domain|destination (?:host|system|domain))",
    r"nxdomain|couldn't find any host|no (?:mail )?(?:route|path) to|name service error|no mx (?:record|host|found)",
    r"unroute?able",
    rf"can(?:'t|not) (?:find|resolve|look ?up) {_FEW}(?:host|domain|mx)\b|malformed or unresolvable",
    r"host\w* lookup (?:did not|failed)|all relevant mx records point to non-?existent",
)
NO_MAIL: Final = _any(
    r"does ?n[o']t (?:accept|receive) (?:any |e-?)?mail|null ?mx|accepts no mail|no mail (?:is )?accepted",
    r"not accept(?:ing)? (?:any )?mail for|no smtp service|has no mail",
)
# The address is not there, in words that stand for something else elsewhere.
NO_ADDRESS: Final = _any(
    r"address rejected(?:: access denied|\.?$)|(?:user|address|account|recipient|mailbox) has (?:been )?(?:moved|changed)",
    r"\bnot listed in|no (?:such )?(?:one|body) by that name",
    r"check (?:if|that|whether)? ?(?:the )?address is correct|user not known",
    r"\b(?:destinataire|utilisateur) (?:inconnu|invalide)|empf[aä]nger (?:unbekannt|existiert nicht)",
    r"usuario (?:desconocido|no existe)",
)
AFTER_DATA: Final = _any(
    r"in reply to (?:the )?end of data|after (?:the )?(?:end of data|sending message|data)|final data",
)
# In a transcript, the first refusal is that of the data (sendmail, Courier and their kin).
REFUSED_DATA: Final = re.compile(r"\A(?:(?!<<< ?[45]).)*>>> ?(?:DATA|\.)[^\n]*\n\s*<<< ?[45]", re.IGNORECASE | re.DOTALL)
FULL: Final = _any(r"mail ?box (?:is |was )?full|quota (?:is )?(?:exceeded|full)|(?:over|exceeded) (?:\w+ )?quota|disk quota")
TOO_LARGE: Final = _any(r"(?:line|size|length) limit|message (?:size|length) exceed|message too (?:large|big|long)")
ROUTE: Final = _any(
    r"hop count|too many hops|routing loop|mail loop|loops back",
    r"(?:not (?:configured|permitted|allowed|authori[sz]ed)|unable|refus\w+) to relay",
    r"relay(?:ing)? (?:is )?(?:denied|not|access|prohib)",
)
# A group or a list that not everybody may write to.
CLOSED: Final = _any(
    r"permission to post|open (?:to|for) posting|(?:members?|subscribers?)[- ]only|not a (?:list )?(?:member|subscriber)"
)
TOO_LATE: Final = _any(
    r"(?:retry|delivery|message|queue|mail|envelope)\b.{0,30}(?:time ?-?out|expired|timed? out|lifetime)|in the queue too long",
    r"could ?not (?:be )?(?:deliver|send)\w* for|for (?:the last|more than|over) .{0,20}(?:hours?|days?|minutes|seconds)",
    r"\d+ attempts\b|retry limit|cannot send message for|(?:connection|connect|operation|session)\b.{0,30}timed out",
    r"socket error",
    r"not (?:be )?delivered within|did not accept our requests to connect|connection refused|queue\.expired",
)

# Sentences of mail programs that say nothing about this refusal, and would be mistaken for it.
BOILERPLATE: Final = _any(
    r"(?:this|the following) (?:message|report|e-?mail|notification) (?:was|is|has been)"
    r" (?:created )?(?:automatically|an auto)[^.\n]*",
    r"this is an? (?:automatically|automated|permanent|auto)[^.\n]*|this is (?:a )?permanent error[^.\n]*",
    r"please (?:do not|don't) (?:reply|resend|respond)[^.\n]*|do not reply[^.\n]*",
    r"for (?:further|more) (?:assistance|info)[^.\n]*",
    r"if you (?:do so|have|need|believe|feel|think|wish|continue|still|would)[^.\n]*",
    r"please (?:send|include|contact|forward) (?:this|the|it|your postmaster)[^.\n]*",
    r"(?:a|the|your) message(?: \([^)]*\))?(?: that)? you sent (?:could not be|was not|to)[^.\n]*\n?[^.\n]*",
    r"you can delete your own text from[^\n]*|the mail system|i'm sorry to have to inform you[^\n]*\n?[^\n]*",
    r"hi\. this is[^\n]*",
    r"i'm (?:afraid|not going)[^\n]*|be delivered to one or more recipients[^\n]*|technical details of[^\n]*",
    r"^[^\n]*(?:rejected by (?:the|one of the) (?:\w+ )?(?:server|recipient)|recipient domain|google tried to)[^\n]*",
    r"error that the other server returned was|we recommend contacting[^\n]*\n?[^\n]*|see [^\n]{0,40}https?://\S+|https?://\S+",
    r"recipient address rejected: (?!access denied)(?=\S)",  # Postfix says this before the true reason
    r"smtp error from remote (?:mail )?server after[^\n:]*:|\bhost:? \S+\.\S+\s*:|\bin reply to[^)\n]*command",
    r"\bservice unavailable",
    r"the following (?:address|recipient|message|e-?mail|user)[^\n]*|delivery to the following[^\n]*",
    r"^[ \t]*(?:subject|from|to|date|cc): [^\n]*",
    flags=re.IGNORECASE | re.MULTILINE,
)
