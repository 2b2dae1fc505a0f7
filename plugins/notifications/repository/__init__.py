"""Queries of notifications, one module per aggregate."""
