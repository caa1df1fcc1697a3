from __future__ import annotations

from types import SimpleNamespace

from tests.support.memory_store import MemoryStore
from tests.support.serving import client_of, context_of


def test_a_page_that_rebinds_its_name_gets_no_answer() -> None:
    client = client_of(context_of(lambda: SimpleNamespace(store=MemoryStore())))
    answer = client.get("/healthz", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "serve:" in answer.json()["remedy"]


def test_every_answer_keeps_browsers_from_taking_it_for_a_page() -> None:
    client = client_of(context_of(lambda: SimpleNamespace(store=MemoryStore())))
    for path in ("/healthz", "/nothing"):
        headers = client.get(path, headers={"Origin": "https://evil.example"}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


def test_a_path_without_operation_and_a_method_without_route_are_problem_documents() -> None:
    client = client_of(context_of(lambda: SimpleNamespace(store=MemoryStore())))
    answer = client.get("/nothing/here/")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    refused = client.delete("/healthz")
    assert (refused.status_code, "GET" in refused.headers["allow"]) == (405, True)


def test_the_audit_has_no_line_for_probes_and_one_without_secrets_for_others() -> None:
    lines: list[dict[str, object]] = []
    client = client_of(
        context_of(lambda: SimpleNamespace(store=MemoryStore()), audit=lambda line: lines.append(dict(line)))
    )
    client.get("/healthz")
    assert lines == []
    client.get("/nothing?password=hunter2")
    (line,) = lines
    assert (line["path"], line["status"], line["operation"]) == ("/nothing", 404, "")
    assert "hunter2" not in str(line)
    token = "b" * 64
    client.get(f"/api/v1/rt_{'a' * 16}_{token}")
    assert token[:9] not in str(lines[1])
    assert "Bearer" not in str(line)
