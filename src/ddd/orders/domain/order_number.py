"""Order numbers: short, readable, and silent about volume."""

import secrets

#: Crockford's base 32: no I, L, O, U, so that a number can be read out on the phone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_order_number() -> str:
    """Eight random symbols in two groups, `7K3M-Q9XD`: 40 bits, so no order waits for a counter.

    The database keeps them unique in their tenant; who draws a used one draws again.
    """
    bits = secrets.randbits(40)
    symbols = "".join(ALPHABET[bits >> shift & 31] for shift in range(35, -1, -5))
    return f"{symbols[:4]}-{symbols[4:]}"
