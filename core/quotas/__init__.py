"""Quotas: how much of something an agency may do in a day."""
