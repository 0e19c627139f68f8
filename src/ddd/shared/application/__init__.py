"""The kernel's use of its vocabulary: statements, units of work, events, pages."""
