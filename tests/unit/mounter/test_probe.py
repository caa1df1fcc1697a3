from __future__ import annotations

import pytest

from runner.mounter.probe import refusal_of
from runner.mounter.refusal import Denied, Missing, Refusal, Unavailable
from runner.mounter.volume import Volume

VOLUME = Volume(endpoint="http://minio:9000", bucket="data", prefix="in")


def error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code></Error>".encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (403, error("AccessDenied"), Denied, "http://minio:9000/data/in"),
        (403, error("SignatureDoesNotMatch"), Denied, "SignatureDoesNotMatch"),
        (404, error("NoSuchBucket"), Missing, "no bucket 'data'"),
        (301, error("PermanentRedirect"), Unavailable, "another region"),
        (400, error("AuthorizationHeaderMalformed"), Unavailable, "another region"),
        (403, b"<html>proxy</html>", Unavailable, "not answer as an S3 store"),
        (404, b"nginx", Unavailable, "not answer as an S3 store"),
        (200, b"<html>", Unavailable, "not answer as an S3 store"),
    ],
)
def test_the_answer_of_the_store_names_the_cause(status: int, body: bytes, kind: type[Refusal], words: str) -> None:
    found = refusal_of(VOLUME, status, body)
    assert type(found) is kind
    assert words in str(found)
