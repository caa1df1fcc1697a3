"""Paths, names and labels that the target, a step's pod and the bootstrap inside it agree on."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.access import Access
from ...model.digest import digest_of, digest_of_bytes
from ...model.task import TaskId
from .json_fields import KubeObject, text

CONTAINER = "step"
ARCHIVE = "step.pyz"
COMPRESSED_ARCHIVE = "step.pyz.zlib"
STORES = "stores.json"
STEP_FOLDER = "/runner/step"
SECRET_FOLDER = "/runner/secret"  # noqa: S105 - a place, not a password
GANG_FOLDER = "/runner/gang"
GANG_TOKEN_FILE = "token"  # noqa: S105 - the name of a file, not a password
WORK_FOLDER = "/runner/work"
TEMPORARY_FOLDER = "/tmp"  # noqa: S108 - the pod's own: an emptyDir
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - the pod's own: an emptyDir in memory
CA_FOLDER = "/runner/ca"
CACHE_FOLDER = "/runner/cache"
CA_FILE = "ca.pem"
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "GIT_SSL_CAINFO")
"""Variables with which OpenSSL (so Python and our own client), requests, curl, AWS clients and git find authorities."""
TERMINATION_LOG = "/dev/termination-log"

NO_PYTHON = "runner: the image has no Python"
"""Start of the termination message when the image has no Python interpreter (exit code 127)."""

OTHER_ARCHIVE = "runner: the pod has other code of runner than its Job names"
"""Start of the termination message when the archive has another digest than the Job states (exit code 126)."""

CHECK = f"""\
import hashlib, sys, zipimport, zlib
archive, digest = "{WORK_FOLDER}/{ARCHIVE}", sys.argv[1]
try:
    with open("{STEP_FOLDER}/{COMPRESSED_ARCHIVE}", "rb") as file:
        data = zlib.decompress(file.read())
    found = hashlib.sha256(data).hexdigest()
except (IOError, OSError, zlib.error) as error:
    found = str(error)
if found != digest:
    line = "{OTHER_ARCHIVE}: " + found
    with open("{TERMINATION_LOG}", "w") as log:
        log.write(line)
    sys.stderr.write(line + chr(10))
    raise SystemExit(126)
with open(archive, "wb") as file:
    file.write(data)
sys.argv = [archive]
sys.path.insert(0, archive)
exec(zipimport.zipimporter(archive).get_code("__main__"))
"""
"""The Python code that runs the archive if it has the right digest. Old Pythons run it too and report their age."""

START = f"""\
for python in "$1" python3 python; do
  if [ -n "$python" ] && command -v "$python" > /dev/null 2>&1; then exec "$python" -I -S -c "$3" "$2"; fi
done
echo "{NO_PYTHON}: tried ${{1:+$1 }}python3 python" | tee {TERMINATION_LOG}
exit 127
"""
"""The pod's shell command.

``$1``: the environment's interpreter or empty; ``$2``: the archive's digest; ``$3``: `CHECK`.

The digest is computed in Python because an image may have no program for it.
"""

MANAGED_BY = "app.kubernetes.io/managed-by"
PRODUCT = "runner"
STORE_LABEL = "runner/store"
RUN_LABEL = "runner/run"
STEP_LABEL = "runner/step"
ATTEMPT_LABEL = "runner/attempt"
WORKERS_LABEL = "runner/workers"
"""The kind of workers of an Indexed Job and its pods (`model.workers.WorkerKind`)."""
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
INDEX_ANNOTATION = "batch.kubernetes.io/job-completion-index"
"""https://kubernetes.io/docs/reference/labels-annotations-taints/#batch-kubernetes-io-job-completion-index-annotation"""
TASK_ANNOTATION = "runner/task"


def run_labels(store_id: str, run: str) -> dict[str, str]:
    """Return the labels of every object of a run."""
    return {MANAGED_BY: PRODUCT, STORE_LABEL: store_id, RUN_LABEL: run}


def task_labels(store_id: str, task: TaskId) -> dict[str, str]:
    """Return the labels of an attempt's Job and pod."""
    return {**run_labels(store_id, task.run), STEP_LABEL: task.key, ATTEMPT_LABEL: str(task.attempt)}


def selector(labels: Mapping[str, str]) -> str:
    """Return labels in the form of the API's ``labelSelector``."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def task_of(job: KubeObject) -> TaskId | None:
    """Return the attempt that a Job's labels name. None: runner did not create the Job."""
    run, key, attempt = (text(job, "metadata", "labels", label) for label in (RUN_LABEL, STEP_LABEL, ATTEMPT_LABEL))
    if not (run and key and attempt.isdecimal()):
        return None
    return TaskId(run, key, int(attempt))


def run_object_name(run: str) -> str:
    """Return the name of the ConfigMap that owns a run's objects. The run's Secret has the same name."""
    return f"run-{run}"


def attempt_secret_name(job: str) -> str:
    """Return the name of the Secret of an attempt, and of the ConfigMap that owns it.

    Args:
        job: The name of its Job: nobody can guess it who does not know the run's id.
    """
    return f"{job}-keys"


def service_name(job: str) -> str:
    """Return the name of the Service of a gang. Unlike a Job's, it must begin with a letter (RFC 1035)."""
    return f"gang-{job}"


def gang_secret_name(job: str) -> str:
    """Return the name of the Secret with the token of a gang."""
    return f"{job}-gang"


def keys_owner_name(run: str) -> str:
    """Return the name of the ConfigMap that owns the run's Secret. It is deleted to renew the Secret."""
    return f"run-{run}-keys"


def mount_secret_name(job: str, number: int) -> str:
    """Return the name of a Secret with the keys of a bucket that the pod of a Job mounts."""
    return f"{job}-mount-{number}"


def stores_key(access: Access) -> str:
    """Return the key, in the run's Secret, of the file for steps with this access."""
    return f"stores-{digest_of(access)[:12]}.json"


def ca_configmap_name(authorities: str) -> str:
    """Return the name of the ConfigMap that holds these certificate authorities."""
    return f"runner-ca-{digest_of_bytes(authorities.encode())[:12]}"


def step_configmap_name(digest: str) -> str:
    """Return the name of the ConfigMap that holds the archive with this digest."""
    return f"runner-step-{digest[:12]}"
