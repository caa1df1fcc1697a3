from __future__ import annotations

import json
import threading
import time

from runner.server.audit import AuditLog


def test_records_are_written_in_order_before_the_end() -> None:
    written: list[str] = []
    log = AuditLog(written.append)
    for number in range(100):
        log.add({"call": number})
    log.close(10)
    assert [json.loads(line)["call"] for line in written] == list(range(100))


def test_a_log_that_nobody_reads_stops_no_call_and_what_is_lost_is_told() -> None:
    reads = threading.Event()
    written: list[str] = []

    def write(text: str) -> None:
        assert reads.wait(10)
        written.append(text)

    log = AuditLog(write, most=5)
    begin = time.monotonic()
    for number in range(50):
        log.add({"call": number})
    log.close(0.1)
    assert time.monotonic() - begin < 5
    reads.set()
    log.close(10)
    documents = [json.loads(line) for line in written]
    told = [document["call"] for document in documents if "call" in document]
    assert told == list(range(len(told)))
    assert len(told) + sum(document.get("lost", 0) for document in documents) == 50


def test_a_log_that_is_gone_stops_nothing() -> None:
    written: list[str] = []

    def write(text: str) -> None:
        if not written:
            written.append("")
            raise BrokenPipeError
        written.append(text)

    log = AuditLog(write)
    log.add({"call": 1})
    log.add({"call": 2})
    log.close(10)
    assert written == ["", '{"call": 2}\n']
