"""Source: the package's modules as syntax trees."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "retainsim"


@dataclass(frozen=True)
class Module:
    path: str  # relative to the package: study/runs.py
    text: str
    tree: ast.Module

    @property
    def part(self):
        """Return the part of the package it belongs to: a module by itself, or a folder."""
        return self.path.split("/")[0].removesuffix(".py")

    @property
    def lines(self):
        return self.text.count("\n")


@dataclass(frozen=True)
class Import:
    module: str  # dotted, with what is taken from it: retainsim.units.add_months, numpy
    line: int
    deferred: bool  # within a function


@cache
def modules():
    """Return every module of the package, but what bears its name."""
    paths = sorted(PACKAGE.rglob("*.py"))
    texts = [(path, path.read_text(encoding="utf-8")) for path in paths]
    return tuple(Module(path.relative_to(PACKAGE).as_posix(), text, ast.parse(text)) for path, text in texts)


def named(path):
    return next(module for module in modules() if module.path == path)


def imports(node, deferred=False):
    """Yield the imports below a node that are made when the program runs."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from imports(ast.Module(child.orelse, []), deferred)
        elif isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, deferred) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (Import(f"{child.module}.{alias.name}", child.lineno, deferred) for alias in child.names)
        else:
            inner = deferred or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports(child, inner)


def functions(module):
    """Yield every function of a module with its dotted name."""

    def below(node, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{prefix}{child.name}", child
                yield from below(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.ClassDef):
                yield from below(child, f"{prefix}{child.name}.")
            else:
                yield from below(child, prefix)

    return below(module.tree, "")
