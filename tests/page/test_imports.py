"""The imports between the page's modules: they resolve, make no circle, and those of a first visit are preloaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from model.locations import ROOT

PAGE = ROOT / "static_client"
STARTS = ("app.js", "card/card_page.js")  # the scripts of index.html and card.html
TYPES = "types.js"  # for readers and editors; no module imports it

COMMENT = re.compile(r"/\*.*?\*/|(?<!\S)//[^\n]*", re.DOTALL)
NAMES_FROM = r"[\w$*{},\s]+\sfrom\s+"
STATIC_IMPORT = re.compile(rf'^(?:import\s+(?:{NAMES_FROM})?|export\s+{NAMES_FROM})"([^"]+)"', re.MULTILINE)
ONCE_MORE = r"(?!`\$\{new URL\(path,)"  # what was imported by its path already, under another address
DYNAMIC_IMPORT = re.compile(rf'\bimport\({ONCE_MORE}(?:"([^"]+)"\))?')
PRELOAD = re.compile(r'<link rel="modulepreload" href="([^"]+)">')


@dataclass(frozen=True)
class Imports:
    """What one module imports, as paths from the page's folder."""

    static: list[str]
    dynamic: list[str]


def read_imports(folder: Path) -> dict[str, Imports]:
    """Each module below `folder`, by its path from there."""
    modules = {}
    for path in sorted(folder.rglob("*.js")):
        code = COMMENT.sub("", path.read_text(encoding="utf-8"))

        def resolve(target: str, path: Path = path) -> str:
            assert target, f'{path}: import("...") takes one path in double quotes'
            return (path.parent / target).resolve().relative_to(folder.resolve()).as_posix()

        modules[path.relative_to(folder).as_posix()] = Imports(
            static=[resolve(target) for target in STATIC_IMPORT.findall(code)],
            dynamic=[resolve(target) for target in DYNAMIC_IMPORT.findall(code)],
        )
    return modules


def find_circle(modules: dict[str, Imports]) -> list[str]:
    """The modules of one circle of imports, static or dynamic, the first one named again at its end; empty: none."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        imports = modules[module]
        for target in imports.static + imports.dynamic:
            circle = visit(target, [*path, module])
            if circle:
                return circle
        done.add(module)
        return []

    return next(filter(None, (visit(module, []) for module in modules)), [])


def reachable(modules: dict[str, Imports], start: str, *, static_only: bool = False) -> set[str]:
    """Every module that `start` imports, and those import."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        imports = modules[waiting.pop()]
        new = set(imports.static + ([] if static_only else imports.dynamic)) - found
        found |= new
        waiting += new
    return found


@pytest.fixture(scope="module")
def modules() -> dict[str, Imports]:
    return read_imports(PAGE)


def test_every_import_names_a_module_and_every_module_is_imported(modules: dict[str, Imports]) -> None:
    targets = {target for each in modules.values() for target in each.static + each.dynamic}
    assert targets - modules.keys() == set(), "imported, but not there"
    used = set.union(*(reachable(modules, start) for start in STARTS))
    assert modules.keys() - used == {*STARTS, TYPES}, "nothing imports these"


def test_modules_import_each_other_in_no_circle(modules: dict[str, Imports]) -> None:
    circle = find_circle(modules)
    assert circle == [], f"the imports go round: {' -> '.join(circle)}"


def test_index_preloads_what_app_imports_statically(modules: dict[str, Imports]) -> None:
    preloaded = PRELOAD.findall((PAGE / "index.html").read_text(encoding="utf-8"))
    assert sorted(preloaded) == sorted(reachable(modules, "app.js", static_only=True))


@pytest.mark.parametrize(
    ("second", "third"),
    [
        ('import { a } from "../a.js";', 'export * from "./b.js";'),
        ('const load = () => import("../a.js");', 'import "./b.js";'),
        ('import {\n  a,\n} from "../a.js";', 'const later = import("./b.js").catch(() => {});'),
    ],
    ids=["static", "dynamic", "over several lines"],
)
def test_a_circle_is_found_and_named(tmp_path: Path, second: str, third: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.js").write_text('import { c } from "./folder/c.js";\n')
    (tmp_path / "folder" / "b.js").write_text(f"{second}\n")
    (tmp_path / "folder" / "c.js").write_text(f"{third}\n")
    assert find_circle(read_imports(tmp_path)) == ["a.js", "folder/c.js", "folder/b.js", "a.js"]


def test_types_in_comments_are_no_imports(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('/** @param {import("./b.js").B} b */\n// import "./b.js";\nimport "./b.js";\n')
    (tmp_path / "b.js").write_text('/**\n * @import { A } from "./a.js"\n */\nexport const url = "http://a.example";\n')
    assert read_imports(tmp_path) == {"a.js": Imports(["b.js"], []), "b.js": Imports([], [])}
    assert find_circle(read_imports(tmp_path)) == []


def test_an_import_that_cannot_be_followed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("const load = (name) => import(`./${name}.js`);\n")
    with pytest.raises(AssertionError, match="takes one path in double quotes"):
        read_imports(tmp_path)
