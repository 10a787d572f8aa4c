"""`/corrections`: sent, listed, shown, erased, exported and imported."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from learner.accepted import Correction, InvalidCorrectionError
from learner.corrections import Kept
from learner.export import export_zip, import_zip
from learner.service.guards import ZIP_TYPE, needed
from learner.service.parts import Parts
from learner.service.schemas import MAX_SENT, Erased, Ids, ListedCorrections, SentCorrection
from model.data.corrections import MAX_CORRECTIONS
from model.errors import DataError
from model.preprocessing.decoding import media_type
from serving.gateway.keys import Key

Sent = Annotated[list[SentCorrection], Body(min_length=1, max_length=MAX_SENT)]
Limit = Annotated[int, Query(ge=1, le=1000)]


def routes(parts: Parts) -> APIRouter:
    """The routes; reading drawings and erasing those of others needs the scope `admin`."""
    router = APIRouter(prefix="/corrections", tags=["corrections"])
    corrections = parts.corrections
    may_correct, may_administer = Depends(needed("correct")), Depends(needed("admin"))
    may_erase = Depends(needed("correct", "admin"))

    @router.post("", status_code=201)
    def send(sent: Sent, key: Key = may_correct) -> Ids:
        """Keep corrections, all or none. The same one sent again is the same, and has the same id."""
        return Ids(ids=corrections.add([_checked(one.correction()) for one in sent], key.name))

    @router.get("", dependencies=[may_administer])
    def listed(limit: Limit = 100, before: datetime | None = None) -> ListedCorrections:
        """The newest corrections; `before`, the moment of the last one shown, turns the page."""
        return ListedCorrections(count=corrections.count(), corrections=corrections.listed(limit, before))

    @router.get("/export", dependencies=[may_administer], response_class=Response, responses=_given(ZIP_TYPE))
    def export() -> Response:
        """All corrections as the zip file that the page exports, for `make train ARGS="--corrections FILE"`."""
        headers = {"Content-Disposition": 'attachment; filename="corrections.zip"'}
        return Response(export_zip(corrections.all()), media_type=ZIP_TYPE, headers=headers)

    @router.post("/import", status_code=201, openapi_extra=_ZIP_BODY)
    async def take_in(request: Request, key: Key = may_administer) -> Ids:
        """Keep the corrections of an export of the page."""
        content = await request.body()

        def add() -> Ids:
            try:
                found = import_zip(content)
            except DataError as error:
                raise HTTPException(422, str(error)) from error
            return Ids(ids=corrections.add([_checked(one) for one in found], key.name))

        return await run_in_threadpool(add)

    @router.get("/{id}", dependencies=[may_administer])
    def show(id: str) -> Kept:
        """What is known of a correction."""
        return _found(id)[0]

    @router.get("/{id}/picture", dependencies=[may_administer], response_class=Response, responses=_given("image/*"))
    def picture(id: str) -> Response:
        """Its picture, as it was sent."""
        data = _found(id)[1].picture
        return Response(data, media_type=media_type(data), headers={"Cache-Control": "no-store"})

    @router.delete("/{id}")
    def erase(id: str, key: Key = may_erase) -> Erased:
        """Erase a correction with its picture. What it has taught a version stays in that version.

        A key without the scope `admin` takes back what it has sent itself.
        """
        kept, _ = _found(id)
        if "admin" not in key.scopes and kept.by != key.name:
            raise HTTPException(403, f"the key {key.name!r} has not sent this correction; erasing it needs admin")
        return Erased(erased=corrections.erase(id))

    @router.delete("", dependencies=[may_administer])
    def erase_all() -> Erased:
        """Erase all corrections with their pictures."""
        return Erased(erased=corrections.erase(None))

    def _found(id: str) -> tuple[Kept, Correction]:
        if (found := corrections.get(id)) is None:
            raise _unknown(id)
        return found

    return router


def _given(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}}


_ZIP_BODY = {
    "requestBody": {"required": True, "content": {ZIP_TYPE: {"schema": {"type": "string", "format": "binary"}}}},
    "description": f"Keep the corrections of an export of the page, at most {MAX_CORRECTIONS:,}.",
}


def _checked(correction: Correction) -> Correction:
    try:
        correction.check()
    except InvalidCorrectionError as error:
        raise HTTPException(422, str(error)) from error
    return correction


def _unknown(id: str) -> HTTPException:
    return HTTPException(404, f"there is no correction {id!r}; GET /corrections lists them")
