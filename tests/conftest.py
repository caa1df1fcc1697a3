"""What a test needs of the machine: Docker, a kind cluster. Missing = skipped and listed at the end.

RUNNER_REQUIRE_ALL=1 makes a skipped test a failed one; RUNNER_KEEP_CLUSTER=1 leaves the test cluster up;
RUNNER_TEST_CLUSTER names it, so that two sessions on one machine need not share (and delete) one.
RUNNER_ALL_DATA=1 adds the tests that are marked `all_data`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from _pytest.tmpdir import tmppath_result_key
from hypothesis import HealthCheck, settings

from tests.support.examples import ALL_DATA, THOROUGH, examples
from tests.support.kind_cluster import KindCluster

pytest_plugins = ["tests.support.fixtures"]
CLUSTER = os.environ.get("RUNNER_TEST_CLUSTER") or "runner-test"
_CANNOT = "cannot run here: "
_LINE = 300
"""The most characters of a line that tells of a failed test."""

# A busy machine is slow, which is no property of the code. CI must fail for what changed, not for new random values.
# In CI a property is tried with five times as many examples as in a developer's check.
settings.register_profile(
    "runner",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=THOROUGH,
    max_examples=examples(100),
)
settings.load_profile("runner")


def pytest_configure(config: pytest.Config) -> None:
    """Let an interrupt end the session with its report, and name a failed test at once.

    A process that a shell has started in the background ignores SIGINT, by which CI ends what takes too long.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.pluginmanager.register(_AtOnce(config))


class _AtOnce:
    """Writes a line for each test that fails: a session that is killed later has told of it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is None or not report.failed:  # a worker of pytest-xdist has no terminal
            return
        crash = getattr(report.longrepr, "reprcrash", None)
        reason = (str(crash.message) if crash else str(report.longrepr)).strip().partition("\n")[0]
        terminal.write("\n")
        terminal.write_line(f"FAILED {report.nodeid} ({report.when}): {reason}"[:_LINE])


@lru_cache
def missing_docker() -> str:
    """Why Docker cannot be used; empty: it can. Asked twice: a daemon that is loading images may be slow once."""
    return _ping_docker() and _ping_docker()


def _ping_docker() -> str:
    import docker
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        client = docker.from_env(timeout=20)
        client.ping()
        client.close()
    except (DockerException, RequestException) as error:
        return f"no Docker daemon answers ({(str(error) or type(error).__name__).splitlines()[0][:150]})"
    return ""


@lru_cache
def missing_kind() -> str:
    """Why no kind cluster can be made; empty: it can."""
    return missing_docker() if shutil.which("kind") else "the program 'kind' is not on the PATH"


_NEEDS = {"docker": missing_docker, "kind": missing_kind}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what is quick first, and give each kind test the shared cluster unless it makes its own."""
    for item in items:
        marker = item.get_closest_marker("kind")
        if marker and not marker.kwargs.get("own_cluster") and isinstance(item, pytest.Function):
            # A new list: pytest shares one between all parameters of a function, and some need no cluster.
            item.fixturenames = list(dict.fromkeys(["kind_cluster", *item.fixturenames]))
    items.sort(key=_cost)


def _cost(item: pytest.Item) -> int:
    if item.get_closest_marker("kind"):
        return 2
    return 1 if item.get_closest_marker("docker") else 0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail where everything is required, a test whose needs this machine does not meet."""
    # pytest sets it with a test's first report; an interrupt before that would end the session without its summary.
    item.stash.setdefault(tmppath_result_key, {})
    if item.get_closest_marker("all_data") and not ALL_DATA:
        pytest.skip("RUNNER_ALL_DATA=1 runs it")
    for name, missing in _NEEDS.items():
        reason = missing() if item.get_closest_marker(name) else ""
        if reason and os.environ.get("RUNNER_REQUIRE_ALL") == "1":
            pytest.fail(_CANNOT + reason, pytrace=False)
        if reason:
            pytest.skip(_CANNOT + reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what this machine could not run."""
    skipped = terminalreporter.getreports("skipped")
    reasons = Counter(str(report.longrepr[2]) for report in skipped if isinstance(report.longrepr, tuple))
    lines = [
        f"could not run: {count} test{'s' * (count > 1)}, because {reason.partition(_CANNOT)[2]}"
        for reason, count in sorted(reasons.items())
        if _CANNOT in reason
    ]
    if lines:
        terminalreporter.section("not run on this machine")
        terminalreporter.write_line("\n".join(lines))
        terminalreporter.write_line("RUNNER_REQUIRE_ALL=1 makes these tests required.")


@pytest.fixture(scope="session")
def kind_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KindCluster]:
    """The test cluster with its store, made by the product, once for all tests."""
    from runner.cluster.down import down
    from runner.cluster.options import ClusterOptions
    from runner.cluster.up import up
    from runner.compute.kubernetes.programs import kind_clusters
    from tests.support.kind_nodes import create_test_cluster, load_image
    from tests.support.kind_runs import IMAGE

    options = ClusterOptions(
        configuration=_configuration_folder(tmp_path_factory) / "config.yaml",
        name=CLUSTER,
        minio_image=os.environ.get("RUNNER_MINIO_IMAGE", ""),
    )
    try:
        if CLUSTER not in kind_clusters():
            create_test_cluster(CLUSTER, _free_port())
        up(options, print)
        load_image(CLUSTER, IMAGE)
        cluster = _describe(options.configuration)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RUNNER_TEST_KIND_CLUSTER", CLUSTER)
            patch.setenv("RUNNER_TEST_KUBECONFIG", str(cluster.kubeconfig))
            yield cluster
    finally:
        if os.environ.get("RUNNER_KEEP_CLUSTER") != "1":
            down(options, print)


@pytest.fixture(autouse=True)
def _room_for_images(request: pytest.FixtureRequest) -> None:
    """Keep images of earlier kind tests from filling the disk."""
    if "kind_cluster" in request.fixturenames:
        from tests.support.image_room import make_room

        make_room(request.getfixturevalue("kind_cluster").name)


def _describe(configuration: Path) -> KindCluster:
    from runner.compute.kubernetes.config import KubernetesConfig
    from runner.wiring.configuration import load

    target = load(configuration.parent, {"RUNNER_CONFIG": str(configuration)}).get("kind")
    assert isinstance(target, KubernetesConfig)
    return KindCluster(
        name=CLUSTER,
        configuration=configuration,
        kubeconfig=Path(target.kubeconfig),
        credentials=Path(target.store.credentials),
        namespace=target.namespace,
        bucket=target.store.bucket,
        endpoint=target.store.endpoint,
        cluster_endpoint=target.store.cluster_endpoint,
    )


def _configuration_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this session; of all sessions, when the cluster is kept between them."""
    if os.environ.get("RUNNER_KEEP_CLUSTER") != "1":
        return tmp_path_factory.mktemp("cluster")
    folder = Path(__file__).resolve().parents[1] / ".runner-test" / CLUSTER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
