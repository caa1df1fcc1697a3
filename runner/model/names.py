"""Names: run ids, step run ids, Job names, slugs.

Names are derived from other values, so that a controller that resumes a run computes the same ones.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta, timezone

from ..backports import without_prefix
from ..errors import Problem

REGISTRY = "registry/"
"""The folder of the workspace store for everything that users register under a name."""
PUBLISHED = f"{REGISTRY}published/"
"""The folder for what others run: published pipelines, endpoints, drafts, schedules. No key of a step writes it."""
SCHEDULE_RUNS, SCHEDULE_CURSORS = f"{PUBLISHED}schedule-runs/", f"{PUBLISHED}schedule-cursors/"
"""The folders for what schedules did, and for what they saw of the files that they watch."""
SERVE = "serve/"
"""The folder of the workspace store for what the REST endpoint trusts. No key of a step opens it."""
EXPERIMENT = r"[A-Za-z0-9][A-Za-z0-9_\-]{0,254}"
"""The pattern of an experiment's name."""
RESERVED = (
    "index/", "logged/", "manifests/", "plans/", "probe/", REGISTRY,
    "reuse/", "runs/", SERVE, "snapshots/", "store.json", "work/",
)  # fmt: skip
"""The folders of the workspace store that runner itself uses, beside the user's data."""
RUNS_FOLDER = "azureml"
"""The folder of each datastore that holds the outputs of runs (v1's place of PipelineData)."""
UNFINISHED = ".tmp"
"""The first segment of unfinished files in a store that is a folder. No key starts with it."""
KEY_BYTES = 1024
"""S3's limit: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""
SEGMENT_BYTES = 255
"""The limit of common file systems (NAME_MAX) and of MinIO for one path segment, in bytes."""
SLUG_LIMIT = 30
_RUN_ID = re.compile(r"\d{8}t\d{9}z-[a-z2-7]{16}")
_STEP_RUN = re.compile(rf"(?:^|/)(?P<run>{_RUN_ID.pattern})\.(?P<step>[^./]+)(?:\.\d+)?(?:/|$)")
_DATASET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{0,254}")
_EPOCH_END = datetime(9999, 12, 31, tzinfo=timezone.utc)


def slug(text: str, limit: int = SLUG_LIMIT) -> str:
    """Return `text` as a DNS label (RFC 1123): lower case, digits and inner dashes, at most `limit` characters."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain[:limit].strip("-") or "step"


def new_run_id(now: datetime, entropy: bytes) -> str:
    """Return an id of the UTC time to the millisecond and 80 random bits. It sorts by time and is a valid label value.

    Raises:
        ValueError: Unless `entropy` has ten bytes and `now` has a time zone.
    """
    if len(entropy) != 10 or now.tzinfo is None:
        raise ValueError("a run id takes an aware time and 10 bytes of entropy")
    at = now.astimezone(timezone.utc)
    stamp = at.strftime("%Y%m%dt%H%M%S") + f"{at.microsecond // 1000:03d}z"
    return f"{stamp}-{base64.b32encode(entropy).decode().lower()}"


def computed_run_id(at: datetime, *parts: str) -> str:
    """Return the id of the run that something makes at most once, such as an occurrence of a schedule.

    Every submitter computes the same id, and the journal's first entry is written only once.

    Args:
        at: The time in the id, with its time zone.
        *parts: What tells the cause from all others of that time.

    Raises:
        ValueError: `at` has no time zone.

    """
    import hashlib  # it loads OpenSSL; who only looks at a run needs none of it
    import json

    return new_run_id(at, hashlib.sha256(json.dumps(parts).encode()).digest()[:10])


def dataset_name_problem(name: str) -> Problem | None:
    """Return why `name` cannot be a dataset's name; empty if it can."""
    if _DATASET_NAME.fullmatch(name):
        return None
    return Problem(f"{name!r} cannot name a dataset", remedy="use letters, digits, dash, underscore, dot and space")


def is_run_id(text: str) -> bool:
    """Return True if `text` has the form of `new_run_id`."""
    return _RUN_ID.fullmatch(text) is not None


def is_segment(text: str) -> bool:
    """Return True if `text` can be one segment of a key: not ``.`` or ``..``, no slash, NUL or half of a character."""
    if text in {"", ".", ".."} or "/" in text or "\0" in text:
        return False
    try:
        return len(text.encode()) <= SEGMENT_BYTES
    except UnicodeEncodeError:
        return False


def short(run_id: str) -> str:
    """Return the end of a run's id, which is enough to name the run on the command line."""
    return run_id[-6:]


def retry_command(run_id: str) -> str:
    """Return the command line that retries a run."""
    return f"runner retry {short(run_id)} --failed"


def run_time(run_id: str) -> datetime:
    """Return the creation time of the run of this id."""
    return datetime.strptime(run_id[:18], "%Y%m%dt%H%M%S%f").replace(tzinfo=timezone.utc)


def inverted_time(run_id: str) -> str:
    """Return a string that sorts newest first, for an index that is listed from its start."""
    return inverted(run_time(run_id))


def inverted(at: datetime) -> str:
    """Return the same for a time with a time zone."""
    return f"{(_EPOCH_END - at) // timedelta(milliseconds=1):015d}"


def step_run_id(run_id: str, key: str) -> str:
    """Return the id of one step's run, which scripts see in ``AZUREML_RUN_ID``."""
    return f"{run_id}.{key}"


def attempt_folder(step_run: str, attempt: int) -> str:
    """Return the folder of an attempt on its datastores: v1's ``azureml/<step run id>``, then ``.n``."""
    return f"{RUNS_FOLDER}/{step_run}" if attempt == 1 else f"{RUNS_FOLDER}/{step_run}.{attempt}"


def maker_of(key: str) -> tuple[str, str] | None:
    """Return the run and the step key whose attempt wrote the file or folder `key` of a datastore; None: unknown."""
    found = _STEP_RUN.search(key)
    return (found["run"], found["step"]) if found else None


_LONGEST_RUN = "x" * 110
"""The longest id of a step run: the run's id, a key of 63 characters, the attempt."""
RUN_ID, OUTPUT_NAME = "{run-id}", "{output-name}"
"""The templates that a destination may hold (v1's OutputFileDatasetConfig)."""


def output_key(destination: str, folder: str, name: str) -> str:
    """Return the key of an attempt's output: its destination if only this attempt uses it, else in `folder`."""
    if RUN_ID not in destination:
        return f"{folder}/{name}"
    return filled(destination, without_prefix(folder, f"{RUNS_FOLDER}/"), name)


def fixed_place(destination: str, name: str) -> str:
    """Return the key that the output of every run shares; empty if each attempt has its own."""
    return "" if RUN_ID in destination else filled(destination, "", name)


def filled(destination: str, run_id: str, name: str) -> str:
    """Return a destination as a key, its templates filled in."""
    return destination.replace(RUN_ID, run_id).replace(OUTPUT_NAME, name).strip("/")


def destination_problem(destination: str, *, workspace: bool) -> Problem | None:
    """Return why a destination is invalid; empty if it is valid.

    Args:
        destination: The destination as the user wrote it.
        workspace: True if the datastore is the workspace store, which holds runner's own records.
    """
    plain = filled(destination, "", "")
    unknown = re.search(r"\{[^}]*\}", plain)
    if unknown or not destination.strip("/"):
        what = f"holds {unknown[0]}" if unknown else "is empty"
        return Problem(f"the destination '{destination}' {what}", remedy=f"use text, {RUN_ID} and {OUTPUT_NAME}")
    if any(part in ("", ".", "..") for part in destination.strip("/").split("/")):
        return Problem(f"the destination '{destination}' is no path", remedy="use names between single slashes")
    found = _unusable(filled(destination, _LONGEST_RUN, "x"))
    if found:
        return Problem(f"the destination {destination[:80]!r} {found}", remedy="name another place, such as data/…")
    own = RUN_ID in destination and not (workspace and is_reserved(filled(destination, "x", "x")))
    return None if own else reserved_problem(filled(destination, "x", "x"), workspace=workspace)


def _unusable(key: str) -> str:
    """Return why no store can hold an object of that key; empty if one can."""
    if not key.isprintable():  # NUL, which no path may hold; lone surrogates; and what nobody could type
        return "holds a character that cannot be printed"
    if key.split("/", maxsplit=1)[0] == UNFINISHED:
        return f"lies in {UNFINISHED}/, where stores keep unfinished files"
    whole = key.encode()
    if len(whole) >= KEY_BYTES or max(map(len, whole.split(b"/"))) > SEGMENT_BYTES:
        return f"is too long: an object's key has up to {KEY_BYTES} bytes, and {SEGMENT_BYTES} between two slashes"
    return ""


def is_reserved(key: str) -> bool:
    """Return True if runner keeps its own records at the key."""
    return bool(_reserved_part(key))


def reserved_problem(key: str, *, workspace: bool = True) -> Problem | None:
    """Return why a user must not write to `key` of a datastore; empty if nothing forbids it.

    Args:
        key: The place; a template of a run's id in it counts as text.
        workspace: The datastore is the workspace store, which has runner's own records as well as outputs of runs.
    """
    part = _reserved_part(key) if workspace else ""
    if part:
        what = f"'{key}' cannot be written: '{part}' is reserved for runner's own records"
    elif is_of_runs(key):
        what = f"'{key}' cannot be written: the outputs of runs lie there, and stay as their steps committed them"
    else:
        return None
    return Problem(what, remedy="choose another target_path or key, such as data/…")


def is_of_runs(key: str) -> bool:
    """Return True if `key` of a datastore is the place of outputs of runs, or lies below it."""
    return f"{key.strip('/')}/".startswith(f"{RUNS_FOLDER}/")


def _reserved_part(key: str) -> str:
    whole = f"{key.strip('/')}/"
    return next((part for part in RESERVED if whole.startswith(f"{part.rstrip('/')}/")), "")


def job_name(store_id: str, run_id: str, key: str, attempt: int) -> str:
    """Return the name of an attempt's Job: at most 41 characters, equal for equal attempts only."""
    import hashlib  # it loads OpenSSL; who only looks at a run needs none of it

    whole = "\0".join((store_id, run_id, key, str(attempt)))
    return f"{slug(key)}-{hashlib.sha256(whole.encode()).hexdigest()[:10]}"
