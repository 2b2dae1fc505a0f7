"""The small core every plugin stands on: identity, tenancy, data, HTTP, events and the plugin system."""
