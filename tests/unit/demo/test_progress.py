"""The progress bar, on a terminal and elsewhere."""

import io

import pytest

from order_management.demo.progress import ProgressBar, bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        (0, "placing orders    [..............................] 0/830"),
        (415, "placing orders    [###############...............] 415/830"),
        (829, "placing orders    [#############################.] 829/830"),
        (830, "placing orders    [##############################] 830/830"),
    ],
)
def test_the_bar_is_full_only_when_all_is_done(done: int, expected: str) -> None:
    assert bar("placing orders", done, 830) == expected


def test_a_terminal_sees_it_grow_in_one_line_per_part() -> None:
    terminal = Terminal()
    progress = ProgressBar(terminal)
    for what, done in (("a", 1), ("a", 2), ("a", 2), ("b", 2)):
        progress(what, done, 2)
    shown = [f"\r\x1b[K{bar('a', 1, 2)}", f"\r\x1b[K{bar('a', 2, 2)}\n", f"\r\x1b[K{bar('b', 2, 2)}\n"]
    assert terminal.getvalue() == "".join(shown)


def test_a_file_gets_a_line_per_part_that_is_done() -> None:
    file = io.StringIO()
    progress = ProgressBar(file)
    for what, done in (("a", 1), ("a", 2), ("b", 1)):
        progress(what, done, 2)
    progress.interrupt()
    assert file.getvalue() == bar("a", 2, 2) + "\n"


def test_an_interrupted_bar_ends_its_line() -> None:
    terminal = Terminal()
    progress = ProgressBar(terminal)
    progress("a", 1, 2)
    progress.interrupt()
    progress.interrupt()
    assert terminal.getvalue() == f"\r\x1b[K{bar('a', 1, 2)}\n"
