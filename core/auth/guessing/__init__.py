"""Guesses: counted, and made to wait."""
