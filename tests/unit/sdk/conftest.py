from __future__ import annotations

import pytest

from runner.sdk.workspaces.workspace import Workspace
from tests.support.fake_session import FakeSession


@pytest.fixture
def ws(session: FakeSession) -> Workspace:
    return Workspace.from_config()
