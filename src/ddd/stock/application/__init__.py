"""Stock's commands, queries and ports."""
