"""`/versions`, `/promote` and `/rollback`: what the registry of versions says, over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends, HTTPException

from learner.service.guards import needed
from learner.service.parts import Parts
from learner.service.schemas import Promotion
from release.versions.changing import RefusedError, change, checked
from release.versions.database import DatabaseError, RegistryError
from release.versions.listing import listed
from serving.gateway.keys import Key


def routes(parts: Parts) -> APIRouter:
    """The routes: reading and taking back need the scope `teach`, promoting `admin`."""
    router = APIRouter(tags=["versions"])
    registry = parts.registry
    may_teach, may_administer = Depends(needed("teach")), Depends(needed("admin"))

    @router.get("/versions", dependencies=[may_teach])
    def versions() -> dict[str, Any]:
        """All versions with their figures, the champion, the trial, and the servers that follow."""
        return listed(registry)

    @router.post("/promote")
    def promote(wanted: Promotion, key: Key = may_administer) -> dict[str, Any]:
        """Check a version and let it serve; answers once every server that follows does."""
        try:
            checked(registry, wanted.version)
            return asdict(change(registry, lambda: registry.promote(wanted.version, key.name), lambda seconds: None))
        except RegistryError as error:
            raise _conflict(error) from error

    @router.post("/rollback")
    def rollback(key: Key = may_teach) -> dict[str, Any]:
        """Let the champion before this one serve again; answers once every server that follows does."""
        try:
            return asdict(change(registry, lambda: registry.rollback(key.name), lambda seconds: None))
        except RegistryError as error:
            raise _conflict(error) from error

    return router


def _conflict(error: RegistryError) -> Exception:
    if isinstance(error, DatabaseError):
        return error
    status = 422 if isinstance(error, RefusedError) else 409
    return HTTPException(status, str(error))
