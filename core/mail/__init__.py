"""Mail: one way out for every letter the product writes to a person."""
