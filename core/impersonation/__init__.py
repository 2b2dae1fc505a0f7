"""Impersonation: acting as somebody else to help them, for half an hour, with a reason, on the record."""
