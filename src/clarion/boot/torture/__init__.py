"""The torture run: real processes are killed, frozen and cut off, and the ledger has to balance all the same."""
