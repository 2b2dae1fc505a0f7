"""Agencies: tenants, and the brands they trade under."""
