"""Generated from protocols/schema by `make setup`; only this file is kept in the repository."""
