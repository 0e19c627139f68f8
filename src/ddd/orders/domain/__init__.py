"""Orders: what a customer bought, and what became of it. Pure rules."""
