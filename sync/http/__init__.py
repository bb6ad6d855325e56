"""Apache CouchDB's HTTP interface, as far as clients of its replication need it; one module per resource."""

from sync.http.router import router

__all__ = ["router"]
