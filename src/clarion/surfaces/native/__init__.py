"""The native HTTP API, `/v1`: everything that clarion can do, in its own words."""
