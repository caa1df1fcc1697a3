"""The files of a step: folders page by page, previews, and their content.

The content of a file may be hostile. It is answered under a policy that makes it a document of an opaque origin, which
can run, load and send nothing; and only kinds that are safe to show get a type.
"""

from __future__ import annotations

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import Response

from ...errors import BadInput
from ...operations import previews
from ...operations.shown_files.values import FileKind, Place
from ...operations.step_files import KEPT, StepFiles, StoredFile
from ...pages.shell import Link
from ..operation import Call, Operation, Parameter
from ..parameters import FILE_NAME
from ..problems import Refusal, not_found
from ..read_files import attachment, file_answer, info_of
from .routes import TAG, shown_page
from .step_access import PARAMETERS, PATH, OpenedStep, opened_step, step_page

POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
"""The Content-Security-Policy of files of runs."""
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


class _PlaceConvertor(StringConvertor):
    """The rest of a path, whatever is in it: names of files may have line ends."""

    regex = "(?s:.*)"


register_url_convertor("place", _PlaceConvertor())
_ANY_NAME = {"type": "string", "maxLength": 1400, "format": FILE_NAME}
_NUMBER = {"type": "integer", "minimum": 0, "maximum": 1 << 50}
_PLACE = Parameter(
    name="place", about="inputs/NAME/…, outputs/NAME/… or files/….", in_path=True,
    schema=_ANY_NAME,
)  # fmt: skip


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    paging = (
        Parameter(name="after", about="The entries behind this one.", schema=_ANY_NAME),
        Parameter(name="at", about="The place at which a page of a file begins.", schema=_NUMBER),
        Parameter(name="row", about="The number of rows before that place.", schema=_NUMBER),
        Parameter(name="quoted", about="True if that place is in a quoted cell.", schema={"type": "boolean"}),
    )
    return (
        shown_page(f"{PATH}/files", "page_step_files", "The files of a step", _files, *PARAMETERS),
        shown_page(
            f"{PATH}/files/{{place:place}}", "page_step_file", "A file of a step", _place, *PARAMETERS, _PLACE, *paging
        ),
        Operation(
            method="GET", path=f"{PATH}/raw/{{place:place}}", id="page_step_file_content",
            summary="The content of a file of a step", tag=TAG, handler=_content, page=True,
            parameters=(
                *PARAMETERS, _PLACE,
                Parameter(name="download", about="True: the browser stores it.", schema={"type": "boolean"}),
            ),
            refusals=(416,),
        ),
    )  # fmt: skip


def _files_of(opened: OpenedStep) -> StepFiles:
    return StepFiles(opened.workspace.store, opened.view, opened.key, opened.task)


def _files(call: Call) -> Response:
    with opened_step(call) as opened:
        files = _files_of(opened)
        return step_page(call, opened, "step_files.html", "files", trees=files.trees(), kept=files.page(KEPT))


def _place(call: Call) -> Response:
    place = call.text("place")
    with opened_step(call) as opened:
        files = _files_of(opened)
        try:
            found, folder = files.find(place), files.page(place.rstrip("/"), call.text("after"))
        except BadInput as error:
            raise _unknown(error) from None
        parts = place.rstrip("/").split("/")
        crumbs = [Link(part, opened.links.files("/".join(parts[: at + 1]))) for at, part in enumerate(parts)]
        crumbs[0] = Link(parts[0], opened.links.files() if parts[0] != KEPT else opened.links.files(KEPT))
        is_lone = found is not None and len(parts) == 2 and parts[0] != KEPT  # an output that is one file
        if folder.entries and not is_lone:
            return step_page(call, opened, "step_folder.html", "files", folder=folder, path=crumbs)
        if found is None:
            raise not_found(f"There is no file '{place[:200]}'.", "see the list of the files")
        return _preview(call, opened, found, crumbs)


def _preview(call: Call, opened: OpenedStep, found: StoredFile, crumbs: list[Link]) -> Response:
    info = info_of(opened.workspace, found.datastore, found.key)
    place = Place(
        int(call.query.get("at", 0)), int(call.query.get("row", 0)), quoted=bool(call.query.get("quoted", False))
    )
    store = opened.workspace.datastore(found.datastore)
    shown = previews.preview(store, info, crumbs[-1].text, place)
    return step_page(
        call,
        opened,
        "step_file.html",
        "files",
        file=shown,
        kind=shown.kind.value,
        place=call.text("place"),
        path=crumbs,
        framed=shown.kind in (FileKind.HTML, FileKind.SVG) and not place.at,
    )


def _content(call: Call) -> Response:
    """Return a file: shown in a sandbox if its kind permits that, else stored."""
    place = call.text("place")
    with opened_step(call) as opened:
        try:
            found = _files_of(opened).find(place)
        except BadInput as error:
            raise _unknown(error) from None
        if found is None:
            raise not_found(f"There is no file '{place[:200]}'.", "see the list of the files")
        info = info_of(opened.workspace, found.datastore, found.key)
        name = place.rpartition("/")[2]
        store = opened.workspace.datastore(found.datastore)
        kind = "" if call.query.get("download") else previews.media_type(store, info, found.key.rpartition("/")[2])
        # Browsers guess the type of what an image's element loads: they must not get other images, such as huge ones.
        if call.headers.get("sec-fetch-dest") == "image" and not kind.startswith("image/"):
            raise Refusal(415, "this file is no image that is safe to show", "download it")
    headers = _HEADERS if kind else {**_HEADERS, **attachment(name)}
    return file_answer(call, found.datastore, info, headers, kind or "application/octet-stream")


def _unknown(error: BadInput) -> Exception:
    problem = error.problems[0]
    return not_found(problem.what, problem.remedy)
