"""Where Python code names Paddle: an analysis of its syntax tree, which imports and runs nothing of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

# What a name of a file stands for: a path such as "paddle.nn", or None for something else.
Scope = dict[str, "str | None"]


@dataclass(frozen=True)
class Use:
    """A path such as "paddle.nn.Linear", or ".numpy" for a method of something unknown; keywords where it is called."""

    name: str
    line: int
    keywords: tuple[str, ...] = field(default=())


def uses_in(source: str, names_of: Callable[[str], Iterator[str]]) -> list[Use]:
    """The uses in a file, by line. names_of gives what `from MODULE import *` brings.

    Raises SyntaxError for what is no Python.
    """
    finder = _Finder(names_of)
    finder.visit(ast.parse(source))
    return sorted(set(finder.found), key=lambda use: (use.line, use.name))


class _Finder(ast.NodeVisitor):
    """Scopes are those of Python, read from top to bottom: a name is what it was bound to last."""

    def __init__(self, names_of: Callable[[str], Iterator[str]]) -> None:
        self.names_of = names_of
        self.scopes: list[Scope] = [{}]
        self.found: list[Use] = []

    def path(self, node: ast.AST) -> str | None:
        """The path that a name or a chain of attributes stands for, if it begins at Paddle."""
        if isinstance(node, ast.Name):
            return next((scope[node.id] for scope in reversed(self.scopes) if node.id in scope), None)
        if isinstance(node, ast.Attribute):
            owner = self.path(node.value)
            return owner and f"{owner}.{node.attr}"
        return None

    def bind(self, target: ast.AST, path: str | None = None) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.scopes[-1][node.id] = path

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if not _is_paddle(alias.name):
                self.scopes[-1][alias.asname or alias.name.partition(".")[0]] = None
                continue
            self.scopes[-1][alias.asname or "paddle"] = alias.name if alias.asname else "paddle"
            self.found.append(Use(alias.name, node.lineno))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module if node.module and not node.level and _is_paddle(node.module) else None
        for alias in node.names:
            if alias.name == "*":
                self.scopes[-1].update({name: f"{module}.{name}" for name in self.names_of(module)} if module else {})
            else:
                self.scopes[-1][alias.asname or alias.name] = module and f"{module}.{alias.name}"
            if module:
                self.found.append(Use(module if alias.name == "*" else f"{module}.{alias.name}", node.lineno))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
            # `Conv = nn.Conv2D` is another name for it; anything else is a value of its own.
            self.bind(target, self.path(node.value) if isinstance(target, ast.Name) else None)

    def visit_Name(self, node: ast.Name) -> None:
        path = self.path(node)
        if path and isinstance(node.ctx, ast.Load):
            self.found.append(Use(path, node.lineno))
        elif isinstance(node.ctx, ast.Store):
            self.bind(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self.path(node)
        if path:
            self.found.append(Use(path, node.lineno))
            return
        if isinstance(node.ctx, ast.Load):
            self.found.append(Use(f".{node.attr}", node.lineno))
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        path = self.path(node.func)
        if path:
            keywords = tuple(keyword.arg for keyword in node.keywords if keyword.arg)
            self.found.append(Use(path, node.lineno, keywords))
        else:
            self.visit(node.func)
        for argument in (*node.args, *node.keywords):
            self.visit(argument)

    def visit_FunctionDef(self, node: Any) -> None:
        for outer in (*node.decorator_list, node.args, *([node.returns] if node.returns else [])):
            self.visit(outer)
        self.scopes[-1][node.name] = None
        self._inside(node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self._inside(node.args, [node.body])

    def visit_ListComp(self, node: Any) -> None:
        self.scopes.append({})
        for part in (*node.generators, *((node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,))):
            self.visit(part)
        self.scopes.pop()

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for part in (node.iter, node.target, *node.ifs):
            self.visit(part)

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp

    def _inside(self, arguments: ast.arguments, body: list[Any]) -> None:
        given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        self.scopes.append({argument.arg: None for argument in given if argument})
        for node in body:
            self.visit(node)
        self.scopes.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for outer in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(outer)
        self.scopes[-1][node.name] = None
        self.scopes.append({})
        for part in node.body:
            self.visit(part)
        self.scopes.pop()


def _is_paddle(module: str) -> bool:
    return module == "paddle" or module.startswith("paddle.")
