"""Use cases, one file each, and the ports they need. The only place that opens a transaction."""
