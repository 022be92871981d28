"""OpenSSL as `cryptography` brings it, which signs by RSA: a third of what workers do, in one of several ways by processor.

On AMD's Zen 3 it takes the slower one: 0.76 ms a signature by ADX, 0.62 by AVX2. That is settled when it is loaded.
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from pathlib import Path
from typing import Final

_LIBRARY: Final = "cryptography.hazmat.bindings._rust"
_SWITCH: Final = "OPENSSL_ia32cap"  # OPENSSL_ia32cap(3): what it is to think of the processor, which operators may set too
_WITHOUT_ADX: Final = ":~0x80000"  # bit 19 of EBX of CPUID's leaf 7
_PROCESSOR: Final = Path("/proc/cpuinfo")
_ZEN: Final = ("AuthenticAMD", "25")  # Zen 3, and Zen 4, which signs by IFMA: twice as fast as by either


def load_openssl() -> None:
    """Load it with the faster way; call this before anything else does. The environment is left as it was."""
    if _SWITCH in os.environ or not is_slow_by_adx(_describe_processor()):
        return
    os.environ[_SWITCH] = _WITHOUT_ADX
    try:
        import_module(_LIBRARY)
    finally:
        del os.environ[_SWITCH]


def is_slow_by_adx(processor: str) -> bool:
    """Tell of a processor, in the words of /proc/cpuinfo, whether AVX2 beats ADX on it and OpenSSL does not know."""
    found = dict(re.findall(r"^(vendor_id|cpu family|flags)\s*:\s*(.*)$", processor, re.MULTILINE))
    flags = set(found.get("flags", "").split())
    return (found.get("vendor_id"), found.get("cpu family")) == _ZEN and {"adx", "avx2"} <= flags and "avx512ifma" not in flags


def _describe_processor() -> str:
    """Return what Linux says of the first one; nothing where there is no Linux."""
    try:
        return _PROCESSOR.read_text(encoding="ascii", errors="replace").partition("\n\n")[0]
    except OSError:
        return ""
