"""Invitations: how people join an agency, by a link in a mail."""
