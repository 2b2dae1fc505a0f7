"""For tests of Tripfile and of plugins: a real database per module, agencies, signed-in clients, conformance."""
