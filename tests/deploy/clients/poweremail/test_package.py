"""The library as it is handed out: a wheel for every Python from 3.9 on, which needs nothing else.

Built by hatchling, which the lock has, and installed by the pip of these tests: nothing is fetched.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

import PowerEmail

LIBRARY = Path(PowerEmail.__file__).parents[1]
MODULES = sorted(LIBRARY.glob("PowerEmail/*.py"))
LOOK = "import sys, PowerEmail; print(PowerEmail.__version__, PowerEmail.__file__, 'django' in sys.modules)"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run("-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=LIBRARY)
    (built,) = folder.iterdir()
    return built


def run(*arguments: str, python: str = sys.executable, cwd: Path | None = None) -> str:
    done = subprocess.run([python, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_works(wheel: Path, tmp_path: Path) -> None:
    run("-m", "venv", "--without-pip", str(tmp_path / "venv"))
    python = str(tmp_path / "venv/bin/python")
    run("-m", "pip", "--python", python, "--isolated", "install", "--quiet", "--no-index", str(wheel))
    version, place, has_django = run("-I", "-c", LOOK, python=python, cwd=tmp_path).split()
    assert (version, has_django) == (PowerEmail.__version__, "False")
    assert Path(place).is_relative_to(tmp_path)


def test_it_holds_the_library_and_no_more(wheel: Path) -> None:
    with ZipFile(wheel) as built:
        files = {name for name in built.namelist() if ".dist-info/" not in name}
        (about,) = (name for name in built.namelist() if name.endswith("/METADATA"))
        metadata = message_from_bytes(built.read(about))
    assert files == {str(path.relative_to(LIBRARY)) for path in [*MODULES, LIBRARY / "PowerEmail/py.typed"]}
    assert metadata["Requires-Python"] == ">=3.9"
    assert metadata.get_all("Requires-Dist") is None
    assert metadata["Description-Content-Type"] == "text/markdown"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_python_3_9_can_read_it(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    known = sys.stdlib_module_names | {"PowerEmail", "_typeshed"}  # the latter for type checkers only
    assert {str(name).partition(".")[0] for name in imported} <= known
