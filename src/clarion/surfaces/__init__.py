"""Ways in: the native API, callbacks from carriers, the vendors' APIs."""
