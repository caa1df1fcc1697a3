"""A plan as YAML, and back: unknown fields are errors that name their place."""

from __future__ import annotations

from ..errors import BadInput
from ..model.document import from_document, to_document
from ..model.plan import Plan

_BREAKS = frozenset("\x85\u2028\u2029")


def to_yaml(plan: Plan) -> str:
    """The plan as a document for people and version control."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes the line breaks of Unicode, which would be read back as spaces (YAML 1.1, 5.4)."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = '"' if _BREAKS.intersection(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(to_document(plan), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
    return written


def from_yaml(text: str, where: str) -> Plan:
    """The plan that `text` writes; `where` names it in errors. Raises BadInput."""
    import yaml

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(f"not valid YAML: {error}", where, "correct the file") from error
    try:
        return from_document(Plan, document)
    except BadInput as error:
        problem = error.problems[0]
        raise BadInput(problem.what, where=f"{where}: {problem.where}", remedy="correct the file") from error
