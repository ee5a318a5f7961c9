"""Contact files over HTTP: streamed in, accepted row by row, each rejected row kept with its reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Self

import orjson
from fastapi import APIRouter, Query, Request
from pydantic import Field, TypeAdapter, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from clarion.app import imports as use
from clarion.app.import_contacts import ImportReport, import_csv
from clarion.app.ports.people import Import, ImportStatus
from clarion.app.refusals import Invalid, Problem
from clarion.surfaces.native.contact_shapes import RejectShape
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import Cursor, Id, Instant, Limit, Page, PathId, Shape, newest, page, position
from clarion.surfaces.reception import MEBIBYTE

router = APIRouter(prefix="/v1", tags=["imports"], responses=documented())

NO_LIMIT = 2**62
"""For the framework: the limit of uploads is a setting, and is kept here."""

COLUMNS = TypeAdapter(dict[Annotated[str, Field(max_length=255)], Annotated[str, Field(max_length=255)]])

TEXT_PATTERN = r"^[^\x00]+$"

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "phone,first_name,reference_id\r\n+12125550147,Ann,1831\r\n",
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "mapping": {"type": "string", "description": "As the query parameter."},
                    },
                }
            },
        },
    }
}


class ImportShape(Shape):
    """One file on its way into a batch."""

    id: Id
    campaign_id: int
    batch_id: int
    filename: str | None
    status: ImportStatus
    line: int = Field(description="Every row up to this line is accounted for.")
    accepted: int
    duplicates: int
    rejected: int
    error: str | None
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, found: Import) -> Self:
        """From the value."""
        return cls.model_construct(**{name: getattr(found, name) for name in cls.model_fields})


class ImportReportShape(Shape):
    """What came of a file, over all the runs that it took."""

    imported: ImportShape
    codes: dict[str, int] = Field(description="Reason -> rows that were not taken, duplicates among them.")
    resumed_at: int | None = Field(description="The line behind which this run went on; null when it began the file.")

    @classmethod
    def of(cls, report: ImportReport) -> Self:
        """From the value."""
        return cls(imported=ImportShape.of(report.imported), codes=dict(report.codes), resumed_at=report.resumed_at)


@router.post(
    "/campaigns/{campaign_id}/imports",
    responses=documented(404, 409),
    openapi_extra=BODY,
    max_body_size=NO_LIMIT,
)
async def run(
    api: ApiDep,
    caller: Caller,
    request: Request,
    campaign_id: PathId,
    batch: Annotated[
        str | None, Query(min_length=1, max_length=255, pattern=TEXT_PATTERN, description="Key of the batch.")
    ] = None,
    filename: Annotated[str | None, Query(max_length=255, pattern=TEXT_PATTERN)] = None,
    mapping: Annotated[
        str | None,
        Query(
            max_length=5_000,
            description='Columns to fields as JSON: `{"Handy": "address", "Vorname": "first_name", "Notiz": ""}`. '
            "Fields are address, fallbacks, reference_id, timezone, postal_code, country, priority, person; any other "
            "name is a variable, nothing leaves the column out. Columns that are not named are found by their headers. "
            "A long one may be the field `mapping` of a form instead.",
        ),
    ] = None,
    allow_duplicates: Annotated[bool, Query(description="Take addresses that the campaign has already.")] = False,
    resume: Annotated[bool, Query(description="Go on where an earlier run of this file stopped.")] = True,
) -> ImportReportShape:
    """Import a CSV file into a campaign, as the body itself or as the `file` of a form. Needs the role operator.

    Any encoding, separator and column order. Rows are taken or reported one by one; the same file again adds only what
    is missing, so an interrupted import is simply repeated.
    """
    most = api.settings.max_upload
    if int(request.headers.get("content-length", 0)) > most:
        raise HTTPException(413)
    is_form = request.headers.get("content-type", "").startswith("multipart/form-data")
    if is_form:
        form = await request.form(max_files=1, max_fields=10)
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise Invalid([Problem("file", "missing", "The form has no file.")])
        chunks, filename = _chunks(upload), filename or upload.filename
        written = form.get("mapping")
        mapping = written if isinstance(written, str) else mapping
    else:
        chunks = _counted(request.stream(), most)
    report = await import_csv(
        api.ledger,
        api.clock,
        caller,
        campaign_id,
        chunks,
        mapping=_columns(mapping),
        batch_key=batch,
        filename=filename,
        allow_duplicates=allow_duplicates,
        resume=resume,
    )
    return ImportReportShape.of(report)


def _columns(mapping: str | None) -> dict[str, str] | None:
    if mapping is None:
        return None
    try:
        return COLUMNS.validate_python(orjson.loads(mapping))
    except (orjson.JSONDecodeError, ValidationError) as bad:
        message = "A mapping is a JSON object of column names to field names."
        raise Invalid([Problem("mapping", "bad_mapping", message)]) from bad


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(MEBIBYTE):
        yield chunk


async def _counted(stream: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    async for chunk in stream:
        most -= len(chunk)
        if most < 0:
            raise HTTPException(413)
        if chunk:
            yield chunk


@router.get("/campaigns/{campaign_id}/imports", responses=documented(404))
async def list_all(
    api: ApiDep, caller: Caller, campaign_id: PathId, limit: Limit = 50, cursor: Cursor = None
) -> Page[ImportShape]:
    """A campaign's imports, the newest first."""
    found = await use.list_imports(api.ledger, caller, campaign_id, cursor=newest(cursor), limit=limit + 1)
    return page(found, limit, lambda each: each.id, ImportShape.of)


@router.get("/imports/{import_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, import_id: PathId) -> ImportShape:
    """One import: where it stands."""
    return ImportShape.of(await use.get_import(api.ledger, caller, import_id))


@router.get("/imports/{import_id}/rejects", responses=documented(404))
async def rejects(
    api: ApiDep, caller: Caller, import_id: PathId, limit: Limit = 100, cursor: Cursor = None
) -> Page[RejectShape]:
    """Every row that was not taken, with its line and reason."""
    found = await use.list_rejects(api.ledger, caller, import_id, after_line=position(cursor), limit=limit + 1)
    return page(found, limit, lambda bad: bad.line, RejectShape.of)
