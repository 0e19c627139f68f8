"""From the Authorization header to a Caller: tokens, their claims, and the keys they are checked with."""
