"""The kernel's vocabulary: standard library only."""
