"""The charsets that a customer may have the texts of a mail written in: those of MIME with ASCII's line ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import Final

UTF_8: Final = "utf-8"
_LONGEST_NAME: Final = 100  # characters

# By the name of Python's codec, which knows each one's aliases; the value is what Content-Type says.
CHARSETS: Final[Mapping[str, str]] = {
    "ascii": "us-ascii",
    "utf-8": UTF_8,
    **{f"iso8859-{number}": f"iso-8859-{number}" for number in (*range(1, 12), *range(13, 17))},
    **{f"cp{number}": f"windows-{number}" for number in range(1250, 1259)},
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "tis-620": "tis-620",
    "mac-roman": "macintosh",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "gb18030": "gb18030",
    "big5": "big5",
    "big5hkscs": "big5-hkscs",
    "euc_jp": "euc-jp",
    "shift_jis": "shift_jis",
    "iso2022_jp": "iso-2022-jp",
    "euc_kr": "euc-kr",
    "iso2022_kr": "iso-2022-kr",
}


def _names_of(codec: str) -> set[str]:
    """Return every name of a codec, as find_charset reads names."""
    name = normalize_encoding(codec)
    module = aliases.get(name, name)
    return {name, module, *(alias.replace(".", "_") for alias, its_module in aliases.items() if its_module == module)}


_BY_NAME: Final[Mapping[str, str]] = {name: charset for codec, charset in CHARSETS.items() for name in _names_of(codec)}


def find_charset(name: str) -> str | None:
    """Return the usual name of a charset, by any of its names; None for one that no mail is written in.

    `codecs.lookup` is not asked: it remembers every name that it was ever asked for, and these are customers'.
    """
    return _BY_NAME.get(normalize_encoding(name.strip()).lower().replace(".", "_")) if len(name) <= _LONGEST_NAME else None


def encode(text: str, charset: str) -> tuple[str, bytes]:
    """Return `text` in a charset that CHARSETS has, and that charset; in UTF-8, and that, where it does not fit."""
    try:
        return charset, text.encode(charset)
    except UnicodeEncodeError:
        return UTF_8, text.encode(UTF_8, "replace")


def fits(texts: Iterable[str], charset: str) -> bool:
    """Tell whether a charset has every character of some texts."""
    return all(encode(text, charset)[0] == charset for text in texts)
