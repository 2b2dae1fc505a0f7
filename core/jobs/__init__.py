"""Jobs: work that must happen, as rows of a ledger; Huey rings the bell that wakes a worker."""
