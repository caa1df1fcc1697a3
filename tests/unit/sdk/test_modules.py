"""Module, ModuleVersion and ModuleStep: published once, used where the folder is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.data import packing
from runner.errors import BadInput
from runner.model.data import DatastorePath, Mode
from runner.model.step import InputPath, Interpreter, OutputOf, OutputPath
from runner.model.task import snapshot_key
from runner.plan.validate import validate
from runner.sdk import (
    CondaDependencies,
    DataPath,
    DataPathComputeBinding,
    Datastore,
    Pipeline,
    PipelineData,
    PipelineParameter,
    PythonScriptStep,
    RunConfiguration,
    Workspace,
)
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.steps.module import Module, ModuleVersion
from runner.sdk.steps.module_step import ModuleStep
from runner.sdk.steps.port_definitions import InputPortDef, OutputPortDef
from tests.support.fake_session import FakeSession


@pytest.fixture
def module(ws: Workspace, tmp_path: Path) -> Module:
    """A module in two versions whose folder is gone."""
    folder = tmp_path / "calc"
    folder.mkdir()
    (folder / "calculate.py").write_text("print()\n")
    made = Module.create(ws, "Calculation", "adds and multiplies")
    numbers, total = InputPortDef("numbers", default_datastore_mode="download"), OutputPortDef("total")
    made.publish_python_script(
        "calculate.py",
        "first",
        inputs=[numbers],
        outputs=[total],
        params={"start": 12},
        version="1",
        source_directory=str(folder),
        arguments=["--in", numbers, "--out", total, "--start", "parameter:start"],
    )
    made.publish_python_script(
        "calculate.py", "second", [InputPortDef("more", is_optional=True)], [OutputPortDef("total", is_directory=True)],
        source_directory=str(folder), is_default=True,
    )  # fmt: skip
    shutil.rmtree(folder)
    return made


def test_a_later_driver_uses_the_module(ws: Workspace, session: FakeSession, module: Module, tmp_path: Path) -> None:
    numbers, total = PipelineData("numbers_of_mine"), PipelineData("sum_of_mine")
    first = PythonScriptStep("a.py", outputs=[numbers])
    step = ModuleStep(
        module=Module.get(ws, name="Calculation"),
        version="1",
        inputs_map={"numbers": numbers},
        outputs_map={"total": total},
        params={"start": 5},
        compute_target="cpu",
    )
    last = PythonScriptStep("b.py", arguments=[str(total)], inputs=[total])
    plan = Pipeline(ws, [last, step, first]).plan
    spec = next(found for found in plan.steps if found.name == "Calculation")
    assert spec.command == (
        Interpreter(), "calculate.py", "--in", InputPath("numbers"), "--out", OutputPath("total"), "--start", "5",
    )  # fmt: skip
    assert (spec.source, spec.script, spec.compute) == ("", "calculate.py", "cpu")
    assert spec.variables["AML_PARAMETER_start"] == "5"
    assert (spec.inputs[0].source, spec.inputs[0].mode) == (OutputOf("a-py-1", "numbers_of_mine"), Mode.DOWNLOAD)
    consumer = next(found for found in plan.steps if found.name == "b.py")
    assert consumer.inputs[0].source == OutputOf(spec.key, "total")
    assert consumer.command[-1] == InputPath("sum_of_mine")
    assert validate(plan) == ()
    packing.unpack(session.store.get(snapshot_key(spec.snapshot)), tmp_path / "out")
    assert (tmp_path / "out" / "calculate.py").read_text() == "print()\n"


def test_versions(ws: Workspace, module: Module) -> None:
    assert [one.version for one in module.module_version_list()] == ["1", "2"]
    assert module.get_default_version() == module.default_version == "2"
    one, unknown = module.resolve("1"), module.resolve("77")
    assert one is not None
    assert unknown is not None
    assert (one.description, one.params, unknown.version) == ("first", {"start": 12}, "2")
    assert ModuleVersion.get(ws, one.id).version == "1"
    assert list(Module.get_versions(ws, "Calculation")) == ["1", "2"]
    module.set_default_version("1")
    default = Module.get(ws, module_id=module.id).get_default()
    assert default is not None
    assert default.id == one.id
    with pytest.raises(UserErrorException, match="no version '9'"):
        module.set_default_version("9")


def test_created_again_a_name_means_the_newest(ws: Workspace, module: Module) -> None:
    again = Module.create(ws, "Calculation", "another")
    assert again.id != module.id
    assert Module.get(ws, name="Calculation").id == again.id
    assert Module.get(ws, module_id=module.id).description == "adds and multiplies"
    assert again.resolve() is None
    with pytest.raises(ValueError, match="has no version"):
        ModuleStep(again)
    with pytest.raises(UserErrorException, match="there is no module 'Other'"):
        Module.get(ws, name="Other")
    with pytest.raises(UserErrorException, match="cannot name a module"):
        Module.create(ws, "a/b", "")


def test_maps_must_name_the_ports(module: Module) -> None:
    with pytest.raises(ValueError, match=r"no port 'nothing' \(its ports: numbers\)"):
        ModuleStep(module, "1", inputs_map={"nothing": PipelineData("d")})
    with pytest.raises(ValueError, match="needs its port 'numbers'"):
        ModuleStep(module, "1", outputs_map={"total": PipelineData("d")})
    with pytest.raises(ValueError, match="cannot be a str"):
        ModuleStep(module, "1", inputs_map={"numbers": "x"}, outputs_map={"total": PipelineData("d")})
    with pytest.raises(ValueError, match="module or module_version"):
        ModuleStep()


def test_an_optional_input_may_be_absent(ws: Workspace, module: Module) -> None:
    total, port = PipelineData("total"), InputPortDef("more")
    step = ModuleStep(module, outputs_map={"total": total}, arguments=["--more", port, "--out", total])
    spec = Pipeline(ws, step).plan.steps[0]
    assert spec.command[2:] == ("--more", "", "--out", OutputPath("total"))
    assert spec.outputs[0].folder


def test_any_data_may_come_in(ws: Workspace, module: Module) -> None:
    store = Datastore(ws)
    place = store.path("raw", data_reference_name="mine")
    pair = (PipelineParameter("where", DataPath(store, "there")), DataPathComputeBinding(mode="download"))
    for given, wanted in ((place, "raw"), (pair, "there")):
        step = ModuleStep(module, inputs_map={"more": given}, outputs_map={"total": PipelineData("t")},
                          arguments=["--more", given])  # fmt: skip
        spec = Pipeline(ws, step).plan.steps[0]
        assert spec.inputs[0].source == DatastorePath("workspaceblobstore", wanted)
        assert spec.command[-1] == InputPath("more")


def test_a_published_environment_is_used_unless_the_step_has_one(ws: Workspace, session: FakeSession) -> None:
    made = Module.create(ws, "m", "")
    own = RunConfiguration(conda_dependencies=CondaDependencies.create(pip_packages=["numpy"]))
    made.publish_python_script("a.py", "", [], [], runconfig=own)
    other = RunConfiguration(conda_dependencies=CondaDependencies.create(pip_packages=["scipy"]))
    for runconfig, package in ((None, "numpy"), (other, "scipy")):
        plan = Pipeline(ws, ModuleStep(made, runconfig=runconfig)).plan
        assert plan.environments[plan.steps[0].environment].spec.pip == (package,)
    own.environment_variables["API_KEY"] = "x"
    with pytest.raises(UserErrorException, match="secret"):
        made.publish_python_script("a.py", "", [], [], runconfig=own)


def test_what_cannot_be_published(ws: Workspace, module: Module) -> None:
    with pytest.raises(ValueError, match="there is no script"):
        module.publish_python_script("missing.py", "", [], [])
    with pytest.raises(ValueError, match="two ports"):
        module.publish_python_script("a.py", "", [InputPortDef("x")], [OutputPortDef("x")])
    with pytest.raises(ValueError, match="cannot name a port"):
        module.publish_python_script("a.py", "", [InputPortDef("x-y")], [])
    with pytest.raises(ValueError, match="not an OutputPortDef"):
        module.publish_python_script("a.py", "", [], [InputPortDef("x")])  # type: ignore[list-item]  # is tested
    with pytest.raises(ValueError, match="neither in inputs nor in outputs"):
        module.publish_python_script("a.py", "", [], [], arguments=[InputPortDef("x")])
    with pytest.raises(BadInput, match="has a version '1' already"):
        module.publish_python_script("a.py", "", [], [], version="1")
