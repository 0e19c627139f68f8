"""The kernel on PostgreSQL."""
