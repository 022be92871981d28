"""The rules of the house that no linter knows. Layers and imports are import-linter's, see pyproject.toml."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("accounts", "domains", "gateway", "templates_app", "tracking")
DIALECTS = ("mailup", "octeth", "sendclean", "sendcloud")
OTHER_DOORS = {"links", "openapi"}  # in gateway/api: of readers of mail, and of whoever reads what the calls are

SHAPE = {"answers", "errors", "parse", "urls", "views"}
BESIDES = {
    "mailup": {"xsmtpapi"},
    "sendcloud": {"codes", "xsmtpapi"},
}

MAKERS = {"create", "bulk_create", "get_or_create", "update_or_create"}
_POSSESSIVE = re.compile(r"(?<!\()\)(?:[*+?]|\{[0-9,]+\})\+")  # a group; `()*+` is a list of characters
# Folders of tests that mirror no folder of the product.
OF_THE_TESTS_ALONE = {"bench", "faults", "golden", "support", "wire"}


@cache
def product() -> dict[str, ast.Module]:
    """Return the product's modules by their path from the root, without migrations."""
    paths = [path for package in PRODUCT for path in (ROOT / package).rglob("*.py") if path.parent.name != "migrations"]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(paths)}


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def makes(call: ast.Call, model: str) -> bool:
    """Tell whether `call` makes rows of `model`: by its class, its manager, or in bulk."""
    if isinstance(call.func, ast.Name):
        return call.func.id == model
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr in MAKERS:
        return any(isinstance(node, ast.Name) and node.id == model for node in ast.walk(call.func.value))
    return call.func.attr == "insert" and any(isinstance(node, ast.Name) and node.id == model for node in ast.walk(call))


def makers_of(model: str) -> set[str]:
    return {path for path, tree in product().items() if any(makes(call, model) for call in calls(tree))}


@pytest.mark.parametrize(
    "code",
    [
        "Message(subject='a')",
        "Message.objects.create()",
        "Message.objects.for_account(1).bulk_create(rows)",
        "bulk.insert(cursor, bulk.table_of(Message), rows)",
    ],
)
def test_the_eye_for_makers_sees_them_all(code: str) -> None:
    assert any(makes(call, "Message") for call in calls(ast.parse(code)))


@pytest.mark.parametrize("code", ["asyncio.Message()", "Message.objects.filter(pk=1)", "rows.insert(0, message)"])
def test_the_eye_for_makers_sees_nothing_else(code: str) -> None:
    assert not any(makes(call, "Message") for call in calls(ast.parse(code)))


def test_one_door_makes_messages() -> None:
    assert makers_of("Message") == {"gateway/engine/accept.py"}


def test_one_writer_tells_events() -> None:
    assert makers_of("Event") == {"tracking/events.py"}


def test_doors_reach_rows_only_through_the_account() -> None:
    bare = [
        f"{path}:{node.lineno}"
        for path, tree in product().items()
        for node in ast.walk(tree)
        if path.startswith("gateway/api/") and isinstance(node, ast.Attribute) and _is_bare(node)
    ]
    assert not bare


def _is_bare(node: ast.Attribute) -> bool:
    """`X.objects.anything` but `X.objects.for_account`."""
    return isinstance(node.value, ast.Attribute) and node.value.attr == "objects" and node.attr != "for_account"


def test_possessive_groups_are_made_in_one_way() -> None:
    """Written out, they are misread by Python before 3.11.5: see gateway/base/patterns.py, which says how they look."""
    assert {path for path, tree in product().items() if _writes_possessive_group(tree)} == {"gateway/base/patterns.py"}


@pytest.mark.parametrize("code", ["r'(?:ab?c)*+'", "r'(?P<a>b)?+'", "f'(?:{WORD})++'", "r'(?:ab){2,3}+'"])
def test_the_eye_for_possessive_groups_sees_them_all(code: str) -> None:
    assert _writes_possessive_group(ast.parse(code))


@pytest.mark.parametrize("code", ["r'[^<]*+<'", '"!#$%&\'()*+,-./:"', "possessive('ab?c') + '>'"])
def test_the_eye_for_possessive_groups_sees_nothing_else(code: str) -> None:
    assert not _writes_possessive_group(ast.parse(code))


def _writes_possessive_group(tree: ast.AST) -> bool:
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return any(map(_POSSESSIVE.search, texts))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects_have_one_shape(dialect: str) -> None:
    folder = ROOT / "gateway" / "api" / dialect
    modules = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert modules - {"__init__"} == SHAPE | BESIDES.get(dialect, set())


def test_there_are_no_other_dialects() -> None:
    folders = {path.parent.name for path in (ROOT / "gateway" / "api").glob("*/__init__.py")}
    assert folders - OTHER_DOORS == set(DIALECTS)


def test_modules_say_what_they_are_for() -> None:
    said = {path: ast.get_docstring(tree) for path, tree in product().items() if tree.body}
    assert not [path for path, words in said.items() if words is None and Path(path).name != "apps.py"]


def test_no_drawer_of_odds_and_ends() -> None:
    assert not [path for path in product() if Path(path).stem in {"common", "helpers", "misc", "utils"}]


def test_tests_mirror_the_tree() -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    mirrors = {folder for folder in folders if not folder.parts or folder.parts[0] not in OF_THE_TESTS_ALONE}
    assert not [folder for folder in mirrors if not (ROOT / folder).is_dir()]


def test_no_test_is_left_out() -> None:
    words = ["pytest." + "skip(", "mark." + "skip", "mark." + "xfail", "pytest." + "xfail(", "import" + "orskip"]
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    assert not [path for path, text in texts.items() if any(word in text for word in words)]
