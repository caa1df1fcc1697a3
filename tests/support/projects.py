"""Small pipeline projects on disk, and the command line run on them as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

HEAD = """\
from azureml.core import Dataset, Datastore, Experiment, Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()


def step(name, script="pass_on.py", inputs=(), outputs=(), compute="aml-cluster", extra=(), folder="steps"):
    arguments = [*inputs, "--", *outputs, *extra]
    return PythonScriptStep(name=name, script_name=script, arguments=arguments, inputs=list(inputs),
                            outputs=list(outputs), source_directory=folder, compute_target=compute)


def data(name):
    return PipelineData(name, datastore=store)


def submit(*steps):
    return Experiment(ws, "tests").submit(Pipeline(ws, list(steps)))
"""
"""What every driver below begins with: words of v1."""
BOTH = """
    one, two = data("one"), data("two")
    submit(step("second", inputs=[one], outputs=[two]), step("first", outputs=[one]))
"""
"""Two steps, the second of which reads what the first one writes; listed in the wrong order."""
PASS_ON = """\
import os
import sys

cut = sys.argv.index("--")
text = "".join(open(os.path.join(path, "out.txt")).read() for path in sys.argv[1:cut])
for path in sys.argv[cut + 1:]:
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "out.txt"), "w") as file:
        file.write(text + "x")
print("copied", len(text))
"""
FAIL = 'import sys\nprint("about to fail")\nsys.stderr.write("the data are odd\\n")\nsys.exit(3)\n'
SLEEP = "import sys\nimport time\nprint('asleep', flush=True)\ntime.sleep(float(sys.argv[-1]))\n"


ASIDE = ("-c", "import sys; del sys.path[0]; from runner.cli.main import main; sys.exit(main())")
"""An entry that finds no `runner` in the current folder, as the installed command does."""


@dataclass
class Project:
    """A folder with a driver and scripts, and a command line that sees no configuration of this machine."""

    folder: Path
    cache: Path
    environ: dict[str, str] = field(default_factory=dict)
    entry: tuple[str, ...] = ("-m", "runner")
    """How Python is told to run the command line."""
    bare: bool = False
    """No script beside those that the folder has."""
    seconds: float = 120
    """How long a command may take."""

    def __post_init__(self) -> None:
        if self.bare:
            return
        self.write("steps/pass_on.py", PASS_ON)
        self.write("steps/fail.py", FAIL)
        self.write("steps/sleep.py", SLEEP)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def driver(self, text: str, name: str = "pipeline.py") -> Path:
        return self.write(name, HEAD + dedent(text))

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RUNNER_", "AZUREML_"))}
        return {
            **kept,
            "RUNNER_CONFIG": str(self.cache / "no-such-config.yaml"),
            "XDG_CACHE_HOME": str(self.cache),
            "XDG_CONFIG_HOME": str(self.cache / "config"),
            "TERM": "xterm",
            **self.environ,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *self.entry, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=self.seconds)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    @property
    def files(self) -> dict[str, bytes]:
        """Every file of the folder but Python's own caches: what a command that changes nothing must leave alone."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
