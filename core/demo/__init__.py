"""The demo world: made-up agencies with people and trade, the same for the same number."""
