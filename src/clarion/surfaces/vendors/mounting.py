"""Lets the vendors' APIs in: each below `/compat/<name>`, and on the host names that settings give it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastapi import FastAPI
from starlette.routing import Host, Mount

from clarion.app.refusals import Invalid, Problem
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.vendor import Vendor

PREFIX = "/compat"


def mount_vendors(app: FastAPI, api: Api, vendors: Iterable[Vendor], hosts: Mapping[str, str]) -> None:
    """Serve `vendors` by `app`. `hosts`: host name -> vendor; that host answers with the vendor's API and nothing else.

    Raises Invalid for a host of a vendor that there is not.
    """
    built = {vendor.name: vendor.build(api) for vendor in vendors}
    problems = [
        Problem(f"surfaces.hosts.{host}", "unknown", f"There is no {name!r}; there are {', '.join(sorted(built))}.")
        for host, name in hosts.items()
        if name not in built
    ]
    if problems:
        raise Invalid(problems)
    by_host = [Host(host.lower(), built[name], name=f"host:{host}") for host, name in hosts.items()]
    by_path = [Mount(f"{PREFIX}/{name}", built[name], name=name) for name in built]
    app.router.routes[:0] = [*by_host, *by_path]
