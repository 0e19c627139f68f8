"""A progress bar on a terminal; elsewhere a line when a part is done."""

from typing import Final, TextIO

_WIDTH: Final = 30
_CLEAR_LINE: Final = "\r\x1b[K"


class ProgressBar:
    """Called with what is being done, how many are done and of how many; a line per part stays."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._what = ""
        self._is_open = False

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self._what, self._is_open = what, True
        if not self._is_open:
            return
        if self._is_terminal:
            self._stream.write(_CLEAR_LINE)
        if self._is_terminal or done == total:
            self._stream.write(bar(what, done, total))
        if done == total:
            self._stream.write("\n")
            self._is_open = False
        self._stream.flush()

    def interrupt(self) -> None:
        """End the line, so that something else can be said."""
        if self._is_open and self._is_terminal:
            self._stream.write("\n")
            self._stream.flush()
        self._is_open = False


def bar(what: str, done: int, total: int) -> str:
    """One line of fewer than 80 columns."""
    filled = _WIDTH * done // total if total else _WIDTH
    return f"{what:<17} [{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{total}"
