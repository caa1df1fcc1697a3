from __future__ import annotations

import pytest

from runner.model.image_name import image_misfit


@pytest.mark.parametrize(
    "reference",
    [
        "python",
        "python:3.11-slim",
        "localhost:5000/a/b__c/d-e.f:V1.0_x",
        "MyRegistry.azurecr.io/team/image",
        "[::1]:5000/a",
        f"python@sha256:{'0a' * 32}",
        f"host/python:3.11@sha256:{'0a' * 32}",
    ],
)
def test_names_of_images_are_taken(reference: str) -> None:
    assert image_misfit(reference) is None


@pytest.mark.parametrize(
    "reference",
    ["Not/An/Image::1", "UPPER", "a b", "a:", "/a", "a//b", "-a", "a:tag:tag", "https://host/a", "a@sha256:12", "a\n"],
)
def test_other_texts_are_refused_with_a_remedy(reference: str) -> None:
    wrong = image_misfit(reference)
    assert wrong
    assert ("this" if "@" in reference or "://" in reference else repr(reference)) in wrong[0]
    assert "lower case" in wrong[1]


def test_a_password_in_an_address_is_not_shown() -> None:
    wrong = image_misfit("https://ann:hunter2@registry.example.org/a")
    assert wrong
    assert "hunter2" not in " ".join(wrong)
