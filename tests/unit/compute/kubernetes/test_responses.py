from __future__ import annotations

import pytest

from runner.compute.kubernetes.responses import ApiRequest, Unauthorized, error_for, lines, parse_json, warnings_in
from runner.errors import TargetDenied, TargetError, TargetUnreachable

DEED = ApiRequest(verb="create", kind="jobs", name="train-1", namespace="team-a", server="https://server:6443")
RBAC = 'jobs.batch is forbidden: User "x" cannot create resource "jobs" in API group "batch"'
GOING = 'jobs.batch "x" is forbidden: unable to create new content in namespace x because it is being terminated'
ADMISSION = 'pods "x" is forbidden: violates PodSecurity "restricted:latest"'


@pytest.mark.parametrize(
    ("status", "message", "error", "words"),
    [
        (401, "Unauthorized", Unauthorized, "renew the credentials of the kubeconfig"),
        (403, RBAC, TargetDenied, 'apiGroups: ["batch"], resources: ["jobs"], verbs: ["create"]'),
        (403, ADMISSION, TargetError, "refused to create jobs 'train-1' in namespace 'team-a': pods"),
        (403, GOING, TargetError, "the namespace 'team-a' of https://server:6443 is being deleted"),
        (422, "Too long", TargetError, "Too long"),
        (429, "", TargetUnreachable, "cannot create jobs 'train-1' now: HTTP 429"),
        (500, "etcd", TargetUnreachable, "etcd"),
        (503, "", TargetUnreachable, "https://server:6443"),
    ],
)
def test_refusals(status: int, message: str, error: type[TargetError], words: str) -> None:
    refused = error_for(status, message, DEED)
    assert type(refused) is error
    assert words in str(refused)


def test_who_is_signed_out_is_denied_and_may_wait() -> None:
    assert isinstance(error_for(401, "", DEED), TargetDenied)
    assert isinstance(error_for(401, "", DEED), TargetUnreachable)


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        ("", ()),
        ('299 - "one"', ("one",)),
        ('299 - "one", 299 - "two, three"', ("one", "two, three")),
        (r'299 - "violates \"restricted\"", 299 - "x"', ('violates "restricted"', "x")),
        ('299 - ""', ("",)),
    ],
)
def test_warning_headers(header: str, texts: tuple[str, ...]) -> None:
    assert warnings_in(header) == texts


def test_lines_come_whole() -> None:
    assert list(lines([b'{"a"', b":1}\n\n{", b"}\n{cut"])) == [b'{"a":1}', b"{}"]


@pytest.mark.parametrize("data", [b"", b"<html>", b"[1]", b"null"])
def test_what_is_no_object(data: bytes) -> None:
    assert parse_json(data) == {}
