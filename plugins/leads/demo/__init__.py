"""The leads of made-up agencies, each with its past."""
