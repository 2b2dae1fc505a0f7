"""Roles: named sets of permissions, built in or an agency's own."""
