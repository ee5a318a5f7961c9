"""Other services' APIs, each in its folder: their clients work here unchanged."""
