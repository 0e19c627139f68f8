"""What text may come in."""

import pytest

from ddd.shared.domain.text import fault_of, is_storable


@pytest.mark.parametrize("text", ["", "plain", "Zoë", "Ω≈ç√", "😀" * 255, "a" * 255, "\t\n", "\ufffe", "\u202e"])
def test_text_of_255_code_points_in_any_script_is_fine(text: str) -> None:
    assert fault_of(text) is None
    assert is_storable(text)


@pytest.mark.parametrize("text", ["a" * 256, "😀" * 256, "é" * 256])
def test_code_points_are_counted_not_bytes_or_utf_16_units(text: str) -> None:
    assert fault_of(text) == "At most 255 characters are allowed."
    assert fault_of(text, limit=256) is None


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "é\x00", "\ud800", "a\udfff", "\udc00\ud800"])
def test_nul_and_lone_surrogates_are_refused(text: str) -> None:
    assert fault_of(text) == "The text holds a NUL or a lone surrogate."
    assert not is_storable(text)


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0", "\u2003"])
def test_blank_is_refused_where_text_is_required(text: str) -> None:
    assert fault_of(text) is None
    assert fault_of(text, required=True) == "This must not be blank."
