"""The built-in plugins; each is shaped like `leads`."""
