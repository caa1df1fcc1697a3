"""The types of a dataclass's fields as objects, also under Pythons older than the syntax of the annotations.

Annotations are text, which modules write as Python 3.10 does: ``Mapping[str, int] | None``.
"""

from __future__ import annotations

import ast
import sys
import typing
from typing import Any

from ..override import override


def hints_of(shape: type) -> dict[str, Any]:
    """Return the types of a dataclass's fields by name, with `typing`'s form of generics under Python 3.8 and 3.9."""
    if sys.version_info < (3, 10):
        return {
            name: _evaluated(text, vars(sys.modules[owner.__module__]))
            for owner in reversed(shape.__mro__)
            for name, text in vars(owner).get("__annotations__", {}).items()
        }
    return typing.get_type_hints(shape)


def _evaluated(text: str, names: dict[str, Any]) -> Any:  # noqa: ANN401 - a type or one of typing's forms
    tree = ast.fix_missing_locations(_Older().visit(ast.parse(text, mode="eval")))
    return eval(compile(tree, text, "eval"), {**names, **_GENERIC})  # noqa: S307 - our own annotations


class _Older(ast.NodeTransformer):
    """Writes ``X | Y`` as ``Union[X, Y]``."""

    @override
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        arms = ast.Tuple([node.left, node.right], ast.Load())
        union = ast.parse("Union[0]", mode="eval").body
        assert isinstance(union, ast.Subscript)
        union.slice = ast.Index(arms) if sys.version_info < (3, 9) else arms  # type: ignore[assignment,unused-ignore]
        return union


_GENERIC = {
    "Callable": typing.Callable,
    "Mapping": typing.Mapping,
    "Sequence": typing.Sequence,
    "Union": typing.Union,
    "dict": typing.Dict,
    "frozenset": typing.FrozenSet,
    "list": typing.List,
    "tuple": typing.Tuple,
}
