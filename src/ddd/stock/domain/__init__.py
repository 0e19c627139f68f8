"""Items, levels and what happens to them."""
