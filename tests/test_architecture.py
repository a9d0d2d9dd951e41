"""Rules of the house that no linter holds: who writes files, how long things may be."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from replay_assets.lake import assets
from replay_assets.source.schema.tables import MAPPABLE

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "replay_assets"
MODULES = sorted(PACKAGE.rglob("*.py"))
WRITES_FILES = {"lake/files.py", "inference/call_store/journal.py"}
MODES = set("wax+")
LONGEST_BODY, LONGEST_FUNCTION, LONGEST_MODULE = 25, 60, 300
SURFACES: dict[str, list[str]] = {
    f"replay_assets.{room}.{path.name}": import_module(f"replay_assets.{room}.{path.name}").__all__
    for room in ("inference", "sanitizing", "source")
    for path in sorted((PACKAGE / room).iterdir())
    if (path / "__init__.py").exists()
}
"""What each inner package exports, by the package."""
IMPORTED_ALONE = {
    "replay_assets.inference.spending.sql_ledger",  # needs SQLAlchemy
    "replay_assets.inference.stand_in.server",  # needs uvicorn
    "replay_assets.inference.throttling.backoff",  # a module of functions, used as a namespace
}


def name_of(path: Path) -> str:
    """A module's path inside the package."""
    return path.relative_to(PACKAGE).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """A module's syntax tree, parsed once for all rules."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, nested ones too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function less those of functions defined in it, which are counted themselves."""
    nested = [
        (node.end_lineno or 0) - min(d.lineno for d in (node, *node.decorator_list)) + 1
        for node in ast.iter_child_nodes(function)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return (function.end_lineno or 0) - function.lineno + 1 - sum(nested)


def writes_in(path: Path) -> list[str]:
    """Calls of a module that write to a file system."""
    found = []
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        modes = [a.value for a in node.args if isinstance(a, ast.Constant)]
        if name == "open" and any(isinstance(m, str) and MODES & set(m) for m in modes):
            found.append(f"{path.name}:{node.lineno} open")
        if name in {"write_text", "write_bytes", "touch"} or ast.unparse(node.func) == "os.write":
            found.append(f"{path.name}:{node.lineno} {name}")
    return found


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Every name that a module imports from another one, with that one's name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", one.name) for one in node.names)


def crossing_imports() -> Iterator[tuple[str, str, str]]:
    """Every import into an inner package from outside: the file, the imported module, the name."""
    for path in MODULES:
        own = path.relative_to(ROOT).parent.as_posix().replace("/", ".")
        for module, name in imports_of(path):
            inner = ".".join(module.split(".")[:3])
            if inner in SURFACES and own != inner:
                yield name_of(path), module, name


def test_packages_are_used_through_the_names_that_they_export() -> None:
    """A module of another package can change without a search for its users."""
    past = {(file, module) for file, module, _ in crossing_imports() if module not in SURFACES}
    assert {one for one in past if one[1] not in IMPORTED_ALONE} == set()


def test_packages_export_what_others_use_and_no_more() -> None:
    """A name that no other package imports is not a part of the surface."""
    used = {(module, name) for _, module, name in crossing_imports() if module in SURFACES}
    exported = {(module, name) for module, names in SURFACES.items() for name in names}
    modules = {(module, name) for module, name in used if f"{module}.{name}" in IMPORTED_ALONE}
    assert used - modules == exported


def test_only_the_lake_and_the_journal_write_files() -> None:
    """One place makes sure that a file appears whole or not at all."""
    writers = {name_of(path): found for path in MODULES if (found := writes_in(path))}
    assert {name: writes for name, writes in writers.items() if name not in WRITES_FILES} == {}


@pytest.mark.parametrize("name", sorted(WRITES_FILES))
def test_the_search_for_writes_finds_each_writer(name: str) -> None:
    """The rule above could not fail if it found nothing anywhere."""
    assert writes_in(PACKAGE / name)


def dropped_errors(tree: ast.Module, source: str) -> Iterator[tuple[int, bool]]:
    """The line of each error that a module drops, and whether a comment is at that line.

    The comment may be above it, behind it, or inside the handler.
    """
    lines = ["", *source.splitlines()]
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            drops = all(isinstance(one, ast.Pass | ast.Continue) for one in node.body)
            last = node.end_lineno or node.lineno
        elif isinstance(node, ast.With | ast.AsyncWith):
            drops = any("suppress(" in ast.unparse(one.context_expr) for one in node.items)
            last = node.lineno
        else:
            continue
        if drops:
            yield node.lineno, any("#" in line for line in lines[node.lineno - 1 : last + 1])


def test_an_error_that_is_dropped_has_its_reason_in_a_comment() -> None:
    """A reader would ask why it does no harm."""
    found = {
        f"{name_of(path)}:{line}": explained
        for path in MODULES
        for line, explained in dropped_errors(tree_of(path), path.read_text(encoding="utf-8"))
    }
    assert len(found) > 10
    assert [place for place, explained in found.items() if not explained] == []


@pytest.mark.parametrize(
    ("code", "explained"),
    [
        ("with suppress(OSError):\n    close()", False),
        ("with suppress(OSError):  # the disk is full\n    close()", True),
        ("# The disk is full.\nwith suppress(OSError):\n    close()", True),
        ("try:\n    close()\nexcept OSError:\n    pass", False),
        ("try:\n    close()\nexcept OSError:\n    pass  # the disk is full", True),
    ],
    ids=["suppressed", "comment behind", "comment above", "passed", "comment inside"],
)
def test_the_search_for_dropped_errors_finds_each_form(code: str, explained: bool) -> None:
    """The rule above could not fail if it found nothing anywhere."""
    assert [found for _, found in dropped_errors(ast.parse(code), code)] == [explained]


def test_functions_fit_a_screen() -> None:
    """What does not fit is two things."""
    long = [
        f"{name_of(path)}: {one.name} has {size} lines"
        for path in MODULES
        for one in functions_of(path)
        if (size := own_lines(one)) > LONGEST_FUNCTION
    ]
    assert long == []


def test_modules_have_one_reason_to_exist() -> None:
    """A long one has two."""
    sizes = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_asset_bodies_are_short() -> None:
    """Read inputs, call one function of the domain, return value and metadata."""
    bodies = {
        f"{path.stem}.{one.name}": body_lines(one)
        for path in (PACKAGE / "defs").glob("*.py")
        for one in functions_of(path)
        if any("asset" in ast.unparse(decorator) for decorator in one.decorator_list)
    }
    assert bodies
    assert {name: size for name, size in bodies.items() if size > LONGEST_BODY} == {}


def test_names_of_assets_tables_and_files_are_written_once() -> None:
    """A second spelling stays behind when a name changes. Schemas have other names."""
    files = {value for name, value in vars(assets).items() if name.endswith("_FILE")}
    names = {*assets.BY_NAME, *MAPPABLE, *files} - {"labels"}  # also a column, a root, a check
    spelled = re.compile(f"[\"']({'|'.join(map(re.escape, sorted(names)))})[\"']")
    homes = {"lake/assets.py", "source/schema/tables.py", "contracts/schema_files.py"}
    repeated = {
        name: sorted(set(found))
        for path in MODULES
        if (name := name_of(path)) not in homes
        and (found := spelled.findall(path.read_text(encoding="utf-8")))
    }
    assert repeated == {}


def test_every_module_says_what_lives_in_it() -> None:
    """The first thing that a reader sees."""
    assert [name_of(path) for path in MODULES if not ast.get_docstring(tree_of(path))] == []


def test_the_shipped_instance_is_the_one_that_is_made_elsewhere() -> None:
    """A clone has the file; another installation is given the same."""
    committed = (ROOT / "data" / "dagster_home" / "dagster.yaml").read_bytes()
    assert committed == (PACKAGE / "instance.yaml").read_bytes()


def test_nothing_in_the_tree_names_a_machine_or_a_registry() -> None:
    """Paths of one machine and hosts of one network mean nothing to a reader."""
    words = ["/" + "work/", "/" + "root/", "file.py" + "thonhosted", "pypi." + "org"]
    listed = subprocess.run(
        ["git", "grep", "-lIF", *(part for word in words for part in ("-e", word))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode > 1:
        pytest.skip("not a git checkout")
    assert listed.stdout == ""


def test_the_table_of_rooms_names_every_package() -> None:
    """A stranger finds each folder, and its one reason, in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("## Where things are")[1].split("\n## ")[0]
    rooms = {
        row.split("|")[1].strip(" `").rstrip("/")
        for row in section.splitlines()
        if row.startswith("| `")
    }
    packages = {
        str(path.parent.relative_to(PACKAGE))
        for path in PACKAGE.rglob("__init__.py")
        if path.parent != PACKAGE
    }
    # A row of a folder covers the folders that its text explains.
    explained = {
        "cli/commands",
        "evaluation/grading",
        "evaluation/gate",
        "evaluation/report",
    }
    parents = {str(Path(one).parent) for one in packages}
    assert packages - explained - rooms - parents == set()
    assert {one for one in rooms if not (PACKAGE / one).exists()} == set()


def test_every_file_that_the_guide_names_exists() -> None:
    """In the folder of its row; elsewhere below the repository or the package."""
    listed = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("*.md")]
    for folder in ("replay_assets", "tests", ".ci"):
        listed += [path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*")]
    named = [
        (row, name)
        for line in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
        for row in (re.match(r"\| `([\w/]+)/`", line),)
        for name in re.findall(r"`([\w/.-]+\.(?:py|yaml|json|jsonl|md))`", line)
    ]
    assert len(named) > 50
    missing = [
        name
        for row, name in named
        if not (row and (PACKAGE / row[1] / name).exists())
        and not any(f"/{one}".endswith(f"/{name}") for one in listed)
    ]
    assert missing == []


def test_the_guide_names_the_folders_whose_modules_are_not_imported() -> None:
    """Those that the import contract `surfaces` protects, in its order."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = {one["id"]: one for one in contracts["tool"]["importlinter"]["contracts"]}
    protected = [one.split(".")[1] for one in found["surfaces"]["protected_modules"]]
    *some, last = [f"`{one}/`" for one in protected]
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"- From {', '.join(some)} and {last}, other folders import" in guide


def test_the_guide_names_what_another_place_for_shared_state_implements() -> None:
    """All interfaces of the storage of calls, except the two that stages use, and the others."""
    protocols = {
        node.name
        for node in tree_of(PACKAGE / "inference/call_store/protocols.py").body
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(b) for b in node.bases)
    }
    stores = protocols - {"CallStore", "CallStores"} | {"Ledger", "LimitStore", "Locks"}
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paragraph = guide.split("- **Another place for what runs share**")[1].split("\n- **")[0]
    assert {name for name in stores if f"`{name}`" not in paragraph} == set()
