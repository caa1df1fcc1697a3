"""The wire format of Protocol Buffers, for messages of strings, numbers, booleans, maps of strings and messages.

gRPC carries bytes, so these few lines replace generated code and the protobuf package.
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields

from ..dataclass import field

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_NUMBER = "number"
_MESSAGE = "message"
_LONGEST_VARINT = 10
"""Bytes of a 64-bit number."""


class NotAMessage(Exception):
    """The bytes are not a message of the expected kind."""


def at(number: int, default: object = "", *, message: type | None = None) -> object:
    """Return a dataclass field of a message.

    Args:
        number: The field's number in the protocol.
        default: The value of an absent field; its type is the field's. A tuple is a repeated field, a mapping a
            map of strings. Default: an empty string.
        message: The class of a nested message, or of each message in a tuple.
    """
    metadata = {_NUMBER: number, _MESSAGE: message}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


def encode(message: object) -> bytes:
    """Return the bytes of a message. Default values are left out, as proto3 does."""
    return b"".join(part for spec in fields(message) for part in _parts(spec, getattr(message, spec.name)))  # type: ignore[arg-type]  # every message is a dataclass


def _parts(spec: Field[object], value: object) -> list[bytes]:
    number = spec.metadata[_NUMBER]
    if isinstance(value, Mapping):
        return [_field(number, _field(1, key) + _field(2, one)) for key, one in sorted(value.items())]
    if isinstance(value, tuple):
        return [_field(number, one) for one in value]
    return [] if value in {"", 0, None} else [_field(number, value)]  # False equals 0


def decode(message: type, data: bytes) -> object:
    """Return the message of this class. Unknown fields are ignored, as later versions of a protocol need it.

    Raises:
        NotAMessage: The bytes are cut off, or a field is of another type.
    """
    known = {spec.metadata[_NUMBER]: spec for spec in fields(message)}
    blank = message()
    values: dict[str, object] = {}
    for number, value in _read(data):
        spec = known.get(number)
        if spec is None:
            continue
        default = getattr(blank, spec.name)
        if isinstance(default, Mapping):
            entry = _values(_bytes(value))
            kept = values.setdefault(spec.name, {})
            assert isinstance(kept, dict)
            kept[_text(entry.get(1, b""))] = _text(entry.get(2, b""))
        elif isinstance(default, tuple):
            earlier = values.get(spec.name, ())
            assert isinstance(earlier, tuple)
            values[spec.name] = (*earlier, _value(spec.metadata[_MESSAGE], "", value))
        else:
            values[spec.name] = _value(spec.metadata[_MESSAGE], default, value)
    return message(**values)


def _field(number: int, value: object) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    body = value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else encode(value)
    return _varint(number << 3 | _BYTES) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _value(message: type | None, default: object, value: int | bytes) -> object:
    if message is not None:
        return decode(message, _bytes(value))
    if isinstance(default, bool):
        return bool(_number(value))
    return _number(value) if isinstance(default, int) else _text(value)


def _values(data: bytes) -> dict[int, int | bytes]:
    return dict(_read(data))


def _read(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield field numbers and values: a number, or the bytes of a string or message."""
    place = 0
    while place < len(data):
        tag, place = _read_varint(data, place)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _read_varint(data, place)
            yield number, value
            continue
        if kind == _BYTES:
            length, place = _read_varint(data, place)
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise NotAMessage(f"a field of kind {kind}")
        if place + length > len(data):
            raise NotAMessage("a field is cut off")
        yield number, data[place : place + length]
        place += length


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift, byte in enumerate(data[place : place + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, place + shift + 1
    raise NotAMessage("a number is cut off")


def _number(value: int | bytes) -> int:
    if isinstance(value, int):
        return value
    raise NotAMessage("a number was expected")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    raise NotAMessage("bytes were expected")


def _text(value: int | bytes) -> str:
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError as error:
        raise NotAMessage("a string is not UTF-8") from error
