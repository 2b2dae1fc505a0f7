"""What can be done with contacts, one module per use case."""
