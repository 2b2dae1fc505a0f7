"""Data: models, sessions, tenancy, repositories, reads, and the embedded PostgreSQL."""
