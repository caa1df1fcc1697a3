"""Projects as users of v1 wrote them that set up schedules; a cron of theirs fires them."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.test_published_local import project_of, run


def test_a_schedule_runs_at_once_and_is_changed_and_disabled(tmp_path: Path) -> None:
    project = project_of("nightly_schedule", tmp_path)
    printed = run(project, "driver.py")
    assert "Created schedule with id" in printed


def test_a_file_that_arrives_starts_a_run_with_its_path(tmp_path: Path) -> None:
    project = project_of("arrivals_schedule", tmp_path)
    first = tmp_path / "sample.csv"
    first.write_text("a\n1\n")
    assert project.run("data", "put", str(first), "incoming/sample.csv").returncode == 0
    run(project, "driver.py")
    assert project.run("schedules", "fire").stdout == ""
    second = tmp_path / "second.csv"
    second.write_text("a\n1\n2\n")
    assert project.run("data", "put", str(second), "incoming/second.csv").returncode == 0
    ended = project.run("schedules", "fire")
    assert "submitted as run" in ended.stdout, ended.stdout + ended.stderr
    run(project, "check.py")
    assert project.run("schedules", "fire").stdout == ""
