"""Audit: the event log, for those who may read it."""
