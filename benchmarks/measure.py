"""Timing and the table that every benchmark here prints."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

RUNNER = str(Path(sys.executable).with_name("runner"))


def run(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str] | None = None) -> str:
    """The command's standard output. Ends the benchmark when it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=dict(environ or os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def wall(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str] | None = None) -> float:
    """Seconds from exec to exit."""
    started = time.perf_counter()
    run(command, cwd=cwd, environ=environ)
    return time.perf_counter() - started


def bare_environ() -> Mapping[str, str]:
    """The environment without any configuration of runner: its defaults are measured, with bytecode kept as usual."""
    left_out = ("RUNNER_", "PYTHONDONTWRITEBYTECODE")
    own = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**own, "RUNNER_CONFIG": os.devnull}


def table(title: str, unit: str, columns: Mapping[str, Sequence[float]]) -> None:
    """Print the median and range of each column."""
    print(f"\n{title}\n")
    print(f"| what | median {unit} | least | most | n |\n| --- | --- | --- | --- | --- |")
    for name, values in columns.items():
        print(f"| {name} | {median(values):.3f} | {min(values):.3f} | {max(values):.3f} | {len(values)} |")


def ratio(ours: Sequence[float], theirs: Sequence[float], bar: float) -> None:
    """Print the median of the pairs' ratios beside what it should stay under."""
    value = median(a / b for a, b in zip(ours, theirs, strict=True))
    print(f"\nmedian of the pairs' ratios: {value:.2f} (bar: {bar}; {'met' if value <= bar else 'MISSED'})")
