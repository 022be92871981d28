"""What program and system a reader uses, as far as the User-Agent of a request tells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 500  # characters that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A program and a system with their versions; empty where they are not known."""

    program: str = ""
    program_version: str = ""
    system: str = ""
    system_version: str = ""


_Names = Sequence[tuple[str, re.Pattern[str]]]

_VERSION: Final = r"[ /:]?v?(\d+(?:[._]\d+){0,3})?"


def _names(**patterns: str) -> _Names:
    return tuple((name.replace("_", " "), re.compile(f"(?:{pattern}){_VERSION}")) for name, pattern in patterns.items())


# The first that fits: most programs also name those that they want to be taken for.
_PROGRAMS: Final = _names(
    Gmail_image_proxy=r"GoogleImageProxy",
    Yahoo_mail_proxy=r"YahooMailProxy",
    WeChat=r"MicroMessenger",
    QQ_Mail=r"QQMail|Foxmail",
    QQ_Browser=r"MQQBrowser|QQBrowser",
    UC_Browser=r"UCBrowser|UBrowser",
    Outlook=r"Microsoft Outlook|MSOffice|Outlook",
    Thunderbird=r"Thunderbird",
    Edge=r"\b(?:Edge|EdgA|EdgiOS|Edg)\b",
    Opera=r"\bOPR\b|\bOPiOS\b|\bOpera\b",
    Samsung_Internet=r"SamsungBrowser",
    Yandex_Browser=r"YaBrowser",
    Firefox=r"\b(?:Firefox|FxiOS)\b",
    Chrome=r"\b(?:Chrome|CriOS|HeadlessChrome)\b",
    Internet_Explorer=r"\bMSIE\b|\bTrident\b.{0,200}\brv\b",
    Safari=r"\bVersion(?=[^ ]{0,20} (?:Mobile/[^ ]{1,20} )?Safari)",
    Apple_Mail=r"\bAppleWebKit(?=[^ ]{0,20} \(KHTML, like Gecko\)(?: Mobile/[^ ]{1,20})?\Z)",
    curl=r"\bcurl\b",
)
_SYSTEMS: Final = _names(
    HarmonyOS=r"\bHarmonyOS\b|\bOpenHarmony\b",
    Windows_Phone=r"Windows Phone(?: OS)?",
    Windows=r"Windows NT",
    Android=r"\bAndroid\b",
    iOS=r"\b(?:CPU iPhone OS|CPU OS|iPhone OS)\b",
    macOS=r"\bMac OS X\b",
    ChromeOS=r"\bCrOS [a-z0-9_]{1,20}\b",
    Linux=r"\bLinux\b|\bUbuntu\b",
)
# What Windows calls itself to the world, and to people.
_WINDOWS: Final = {"10.0": "10", "6.3": "8.1", "6.2": "8", "6.1": "7", "6.0": "Vista", "5.2": "XP", "5.1": "XP"}


def read_agent(text: str) -> Agent:
    """Return what a User-Agent says of program and system. It is the reader's word: nothing depends on it."""
    text = text[:LONGEST]
    program, program_version = _find(text, _PROGRAMS)
    system, system_version = _find(text, _SYSTEMS)
    if system == "Windows":
        system_version = _WINDOWS.get(system_version, system_version)
    return Agent(program=program, program_version=program_version, system=system, system_version=system_version)


def _find(text: str, names: _Names) -> tuple[str, str]:
    for name, pattern in names:
        found = pattern.search(text)
        if found:
            return name, (found[1] or "").replace("_", ".")
    return "", ""
