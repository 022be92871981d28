"""Which way of signing OpenSSL is told to take, and that it is told in time: before it is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.base.openssl import is_slow_by_adx

ZEN3 = "AuthenticAMD", "25", "fpu avx2 bmi2 adx vaes"
CASES = {
    "Zen 3": (ZEN3, True),
    "Zen 4": (("AuthenticAMD", "25", "fpu avx2 bmi2 adx avx512ifma"), False),
    "Zen 5": (("AuthenticAMD", "26", "fpu avx2 bmi2 adx avx512ifma"), False),
    "Zen": (("AuthenticAMD", "23", "fpu avx2 bmi2 adx"), False),
    "Cascade Lake": (("GenuineIntel", "6", "fpu avx2 bmi2 adx avx512f"), False),
    "a guest without ADX": (("AuthenticAMD", "25", "fpu avx2 bmi2"), False),
    "a guest without AVX2": (("AuthenticAMD", "25", "fpu bmi2 adx"), False),
}
# Signs as a worker does, says what OpenSSL was told, and whether the signature is right.
PROGRAM = """
import os, sys
from pathlib import Path
told = []
os.putenv = lambda name, value, put=os.putenv: (told.append((os.fsdecode(name), os.fsdecode(value))), put(name, value))
import celery.__main__, celery.bin.celery, celery.bin.worker
read = Path.read_text
Path.read_text = lambda path, *args, **named: read(Path(sys.argv[1]) if str(path) == "/proc/cpuinfo" else path, *args, **named)
before = "cryptography.hazmat.bindings._rust" in sys.modules
import gateway.celery
after = "cryptography.hazmat.bindings._rust" in sys.modules
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
key = rsa.generate_private_key(65537, 2048)
signature = key.sign(b"mail", padding.PKCS1v15(), hashes.SHA256())
key.public_key().verify(signature, b"mail", padding.PKCS1v15(), hashes.SHA256())
print(before, after, dict(told).get("OPENSSL_ia32cap"), os.environ.get("OPENSSL_ia32cap"))
"""


def describe(vendor: str, family: str, flags: str) -> str:
    """Return what Linux says of such a processor."""
    return f"processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: 1\nflags\t\t: {flags}\nbugs\t\t: \n"


@pytest.mark.parametrize(("processor", "is_slow"), CASES.values(), ids=CASES)
def test_processors(processor: tuple[str, str, str], is_slow: bool) -> None:
    assert is_slow_by_adx(describe(*processor)) is is_slow


@pytest.mark.parametrize("text", ["", "Processor\t: ARMv8\nFeatures\t: fp asimd\n", "vendor_id\t: AuthenticAMD\n"])
def test_what_is_not_known_is_left_alone(text: str) -> None:
    assert not is_slow_by_adx(text)


def sign(processor: Path, **switch: str) -> list[str]:
    """Return what PROGRAM says on a machine with such a processor."""
    surroundings = {name: value for name, value in os.environ.items() if name != "OPENSSL_ia32cap"} | switch
    call = [sys.executable, "-c", PROGRAM, str(processor)]
    return subprocess.run(call, check=True, capture_output=True, text=True, env=surroundings).stdout.split()


def test_it_is_told_before_it_is_loaded_and_children_are_not(tmp_path: Path) -> None:
    processor = tmp_path / "cpuinfo"
    processor.write_text(describe(*ZEN3))
    assert sign(processor) == ["False", "True", ":~0x80000", "None"]


def test_it_is_not_told_on_other_machines(tmp_path: Path) -> None:
    assert sign(tmp_path / "none")[2:] == ["None", "None"]


def test_what_the_operator_says_of_it_holds(tmp_path: Path) -> None:
    processor = tmp_path / "cpuinfo"
    processor.write_text(describe(*ZEN3))
    assert sign(processor, OPENSSL_ia32cap=":~0") == ["False", "False", "None", ":~0"]
