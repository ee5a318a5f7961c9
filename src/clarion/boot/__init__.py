"""Settings, catalog, wiring, command line. Knows everybody; imported by nobody."""
