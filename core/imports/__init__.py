"""Imports: rows of files from elsewhere become leads, contacts and whatever else plugins let in."""
