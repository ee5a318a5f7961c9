"""clarion: outbound campaigns by phone, SMS and e-mail, with a ledger that balances."""

__version__ = "0.1.0"
