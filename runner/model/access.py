"""The secrets and datastores that a script may open by name, and how to declare them."""

from __future__ import annotations

from ..dataclass import dataclass


@dataclass(frozen=True)
class Access:
    """The secrets and datastores that a script may open by name."""

    secrets: tuple[str, ...] = ()
    """Secrets for ``Run.get_secret`` and the workspace's Keyvault."""
    datastores: tuple[str, ...] = ()
    """Datastores for ``Datastore.get``, beside those of the step's inputs and outputs."""

    def joined(self, other: Access) -> Access:
        """Return all names of both, sorted, each once."""
        return Access(
            tuple(sorted({*self.secrets, *other.secrets})), tuple(sorted({*self.datastores, *other.datastores}))
        )

    def without(self, other: Access) -> Access:
        """Return the names that `other` does not have."""
        return Access(
            tuple(name for name in self.secrets if name not in other.secrets),
            tuple(name for name in self.datastores if name not in other.datastores),
        )


def declaration(kind: str, name: str) -> str:
    """Return the remedy for a name that a step does not declare.

    Args:
        kind: ``secrets`` or ``datastores``.
        name: The secret or the datastore.

    """
    return (
        f"declare it: runner.configure(step, {kind}=[{name!r}]) in the driver, `access: {{{kind}: [{name}]}}` "
        f"in the step of the pipeline file or in runner.yaml, or: runner run FILE --{kind} {name}"
    )
