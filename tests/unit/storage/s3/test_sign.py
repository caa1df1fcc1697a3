"""Signatures, compared with a second computation written straight from the published recipe."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.credentials import Credentials
from runner.storage.s3.sign import UNSIGNED, SigningKey, encode_path, encode_query, sign

AT = datetime(2013, 5, 24, 0, 0, 0, tzinfo=timezone.utc)
KEY = SigningKey(Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "us-east-1")
EMPTY = sha256(b"").hexdigest()


def by_the_recipe(key: SigningKey, method: str, target: str, headers: dict[str, str], payload: str, day: str) -> str:
    """Canonical request, string to sign, derived key, signature: step by step."""
    parts = urlsplit(target)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    encoded = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in pairs)  # by name, not by pair
    query = "&".join(f"{name}={value}" for name, value in encoded)
    names = sorted(headers)
    request = method + "\n" + parts.path + "\n" + query + "\n"
    for name in names:
        request += name + ":" + headers[name].strip() + "\n"
    request += "\n" + ";".join(names) + "\n" + payload
    scope = day + "/" + key.region + "/" + key.service + "/aws4_request"
    text = "AWS4-HMAC-SHA256\n" + headers["x-amz-date"] + "\n" + scope + "\n" + sha256(request.encode()).hexdigest()
    secret = ("AWS4" + key.credentials.secret_key).encode()
    for word in (day, key.region, key.service, "aws4_request"):
        secret = hmac.new(secret, word.encode(), sha256).digest()
    return hmac.new(secret, text.encode(), sha256).hexdigest()


def signature(signed: dict[str, str]) -> str:
    return signed["authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("target", "more", "expected"),
    [  # the worked examples of AWS's documentation of header-based authentication
        ("/test.txt", {"range": "bytes=0-9"}, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("/?lifecycle=", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_the_documented_examples(target: str, more: dict[str, str], expected: str) -> None:
    headers = {"host": "examplebucket.s3.amazonaws.com", **more}
    assert signature(sign(KEY, "GET", target, headers=headers, payload=EMPTY, at=AT)) == expected


plain = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(
    path=plain,
    query=st.dictionaries(plain.filter(bool), plain, max_size=4),
    method=st.sampled_from(["GET", "PUT", "HEAD", "DELETE", "POST"]),
    region=st.sampled_from(["us-east-1", "eu-central-1"]),
    payload=st.sampled_from([UNSIGNED, EMPTY]),
    token=st.sampled_from(["", "a-token"]),
    service=st.sampled_from(["s3", "sts"]),
)
def test_any_request_is_signed_by_the_recipe(
    path: str, query: dict[str, str], method: str, region: str, payload: str, token: str, service: str
) -> None:
    key = SigningKey(Credentials("access", "secret", token), region, service)
    encoded = encode_query(query)
    target = encode_path("/bucket/" + path) + (f"?{encoded}" if encoded else "")
    signed = sign(key, method, target, headers={"host": "h:9000", "if-none-match": "*"}, payload=payload, at=AT)
    covered = {name: value for name, value in signed.items() if name != "authorization"}
    assert covered.get("x-amz-security-token", "") == token
    assert signature(signed) == by_the_recipe(key, method, target, covered, payload, "20130524")
    assert f"SignedHeaders={';'.join(sorted(covered))}," in signed["authorization"]


@given(plain)
def test_an_encoded_path_is_the_path(path: str) -> None:
    encoded = encode_path(path)
    assert unquote(encoded) == path
    assert encoded.isascii()
    assert not set(encoded) & set(" +?#&=")


def test_the_time_is_signed_as_utc() -> None:
    east = AT.astimezone(timezone(timedelta(hours=9)))
    signed = [sign(KEY, "GET", "/", headers={"host": "h"}, payload=EMPTY, at=at) for at in (AT, east)]
    assert signed[0] == signed[1]
    assert signed[0]["x-amz-date"] == "20130524T000000Z"


def test_a_key_keeps_its_secret_to_itself() -> None:
    assert "wJalr" not in repr(KEY)
    assert "wJalr" not in str(sign(KEY, "GET", "/", headers={"host": "h"}, payload=EMPTY, at=AT))
