"""What can be done with leads, one module per use case."""
