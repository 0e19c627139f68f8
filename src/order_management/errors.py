"""What stops the program before it serves: said to the operator in one line, never as a traceback.

CannotStart     anything in the surroundings that somebody must put right first
"""


class CannotStart(Exception):
    """The message is one line: what is wrong, and what to do about it."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
