"""Rings of keys, and `tripfile keys`."""
