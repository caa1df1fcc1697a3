"""Data references of v1 steps: the scripts run; the tests read what they saw and what the store holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.v1_drivers import HEAD

SCORE = """
import os
import sys

here = sys.argv[1]
names = sorted(os.path.relpath(os.path.join(at, name), here) for at, _, found in os.walk(here) for name in found)
with open(os.path.join(here, "scores.csv"), "w") as file:
    file.write("id,score\\n1,0.5\\n")
os.makedirs("outputs", exist_ok=True)
with open("outputs/seen.json", "w") as file:
    file.write(str(names).replace("'", '"'))
sys.exit("no such luck" if len(sys.argv) > 2 else 0)
"""
LOOK = SCORE.replace("scores.csv", "/dev/null")

DRIVER = """
from azureml.core import ScriptRunConfig
from azureml.data.data_reference import DataReference
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.pipeline.core import PipelineParameter


def put(path, text="1"):
    Path("up").mkdir(exist_ok=True)
    name = Path("up", Path(path).name)
    name.write_text(text)
    store.upload_files([str(name)], target_path=str(Path(path).parent), overwrite=True, show_progress=False)


def there(place):
    return {path: Path(".runner", place, path).read_text() for path in below(Path(".runner", place))}


def through(reference, script="score", *arguments, name="one"):
    run = ended(step(script, [reference, *arguments], inputs=[reference], name=name))
    (found,) = run.find_step_run(name)
    return found


def ask_each():
    put("mounted/seed.txt", "seed")
    mounted = store.path("mounted", data_reference_name="mounted").as_mount()
    answers["mounted"] = [through(mounted).get_status(), there("mounted")]
    again = through(mounted)
    answers["again"] = ["azureml.reusedrunid" in again.get_properties(), there("mounted")]
    third = through(mounted)
    answers["third"] = "azureml.reusedrunid" in third.get_properties()
    Path(".runner/mounted/scores.csv").unlink()
    fourth = through(mounted)
    answers["fourth"] = ["azureml.reusedrunid" in fourth.get_properties(), there("mounted")]

    failed = through(DataReference(store, "failing", "failing"), "score", "fail")
    answers["failing"] = [failed.get_status(), there("failing")]

    put("uploaded/scores.csv", "mine")
    kept = through(DataReference(store, "up", "uploaded", mode="upload"))
    answers["uploaded"] = [kept.get_status(), there("uploaded")]
    over = through(DataReference(store, "up", "uploaded", mode="upload", overwrite=True))
    answers["overwritten"] = [over.get_status(), seen(over, "seen.json"), there("uploaded")]

    place = PipelineParameter("place", DataPath(store, "by/parameter"))
    absent = through((place, DataPathComputeBinding(mode="mount")))
    answers["absent"] = [absent.get_status(), seen(absent, "seen.json"), there("by/parameter")]
    download = through(DataReference(store, "absent", "not/there", mode="download"))
    answers["download"] = download.get_status()

    put("data/one.csv", "x")
    files = Dataset.File.from_files((store, "data")).as_named_input("files")
    wrote = through(files.as_mount())
    answers["dataset"] = [wrote.get_status(), wrote.get_details()["error"]["error"]["message"], there("data")]
    answers["copied"] = [through(files.as_download()).get_status(), there("data")]

    alone = ScriptRunConfig("steps", "score.py", arguments=[str(mounted)], compute_target="cpu")
    alone.run_config.data_references = {"mounted": store.path("alone", data_reference_name="mounted").to_config()}
    run = Experiment(ws, "alone").submit(alone)
    run.wait_for_completion(raise_on_error=False)
    answers["alone"] = there("alone")

    whole = DataReference(store, mode="mount")
    looked = through(whole, "look")
    answers["whole"] = seen(looked, "seen.json")
    return True


ask("all", ask_each)
"""


@pytest.fixture(scope="session")
def answers(told: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    found = told(HEAD, DRIVER, score=SCORE, look=LOOK)
    assert found["all"] is True, found["all"]
    return found


SCORES = "id,score\n1,0.5\n"


def test_what_a_script_writes_into_a_mounted_reference_lies_in_the_datastore(answers: dict[str, Any]) -> None:
    assert answers["mounted"] == ["Finished", {"seed.txt": "seed", "scores.csv": SCORES}]
    assert answers["alone"] == {"scores.csv": SCORES}


def test_a_step_that_writes_into_a_reference_is_reused_only_where_its_files_lie(answers: dict[str, Any]) -> None:
    assert answers["again"] == [False, {"seed.txt": "seed", "scores.csv": SCORES}]
    assert answers["third"] is True
    assert answers["fourth"] == [False, {"seed.txt": "seed", "scores.csv": SCORES}]


def test_a_failed_script_writes_nothing_into_a_reference(answers: dict[str, Any]) -> None:
    assert answers["failing"] == ["Failed", {}]


def test_an_uploaded_reference_replaces_files_only_with_overwrite(answers: dict[str, Any]) -> None:
    assert answers["uploaded"] == ["Finished", {"scores.csv": "mine"}]
    assert answers["overwritten"] == ["Finished", [], {"scores.csv": SCORES}]


def test_a_mounted_path_where_nothing_lies_is_an_empty_folder(answers: dict[str, Any]) -> None:
    assert answers["absent"] == ["Finished", [], {"scores.csv": SCORES}]
    assert answers["download"] == "Failed"


def test_a_write_into_a_mounted_dataset_is_an_error(answers: dict[str, Any]) -> None:
    status, message, files = answers["dataset"]
    assert status == "Failed"
    assert "wrote into its input 'files' (dataset at workspaceblobstore/data)" in message
    assert "scores.csv" in message
    assert files == {"one.csv": "x"}


def test_a_downloaded_dataset_is_a_private_copy(answers: dict[str, Any]) -> None:
    assert answers["copied"] == ["Finished", {"one.csv": "x"}]


def test_a_reference_to_a_whole_store_is_the_users_files_alone(answers: dict[str, Any]) -> None:
    assert answers["whole"] == sorted(
        ["alone/scores.csv", "by/parameter/scores.csv", "data/one.csv", "mounted/scores.csv", "mounted/seed.txt",
         "uploaded/scores.csv"]
    )  # fmt: skip
