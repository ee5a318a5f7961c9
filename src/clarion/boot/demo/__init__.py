"""The demo: a small clinic, a thousand fictional people, three channels, three days in half a minute."""
