"""Accounts: made, moved to another address, given another password."""
