"""v1's words for how an input reaches a step, and the modes of the plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.model.data import Mode
from runner.sdk import Dataset, Datastore, OutputFileDatasetConfig, PipelineData, PythonScriptStep, Workspace
from runner.sdk.base.placeholders import Placeholder
from tests.support.fake_session import FakeSession

DATA = PipelineData("d")
OUTPUT = OutputFileDatasetConfig("o")


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        (DATA, Mode.AUTO),
        (DATA.as_input("x"), Mode.AUTO),
        (DATA.as_mount(), Mode.MOUNT),
        (DATA.as_download(), Mode.DOWNLOAD),
        (DATA.create_input_binding(mode="mount"), Mode.MOUNT),
        (DATA.as_dataset(), Mode.AUTO),
        (DATA.as_dataset().as_mount(), Mode.MOUNT),
        (DATA.as_dataset().as_download(), Mode.DOWNLOAD),
        (DATA.as_dataset().as_direct(), Mode.DIRECT),
        (DATA.as_dataset().parse_delimited_files(), Mode.DIRECT),
        (OUTPUT.as_input("x"), Mode.AUTO),
        (OUTPUT.as_input("x").as_mount(), Mode.MOUNT),
        (OUTPUT.as_input("x").as_download(), Mode.DOWNLOAD),
    ],
)
def test_a_word_is_a_mode_and_no_word_is_auto(given: Placeholder, mode: Mode) -> None:
    assert given.consumed().mode is mode


def test_of_the_same_data_with_and_without_a_word_the_word_counts(session: FakeSession) -> None:
    data = PipelineData("d")
    for inputs in ([data, data.as_mount()], [data.as_mount(), data]):
        step = PythonScriptStep("b.py", inputs=inputs, arguments=[data], source_directory=str(Path.cwd()))
        assert step.bindings.problems == []
        assert step.bindings.inputs["d"].mode is Mode.MOUNT


def test_a_registered_dataset_is_mounted_if_its_author_says_so(session: FakeSession) -> None:
    store = Datastore(Workspace.create(name="w"), "workspaceblobstore")
    files = Dataset.File.from_files((store, "raw"), validate=False)
    assert files.as_named_input("x").consumed().mode is Mode.DIRECT
    assert files.as_named_input("x").as_mount().consumed().mode is Mode.MOUNT
