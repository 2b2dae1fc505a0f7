"""What can be done with forms, hooks and what comes in by them, one module per use case."""
