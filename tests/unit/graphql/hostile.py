"""Documents made to cost as much as they can, each within the limit on tokens or just beyond it."""

from collections.abc import Iterator


def _chain(levels: int, each: str = "") -> str:
    """Fragments that each spread the next one twice: 2 to the power of `levels` fields to whoever has no memory."""
    parts = ["{...F0}"]
    for level in range(levels):
        parts.append(f"fragment F{level} on Query{{...F{level + 1} ...F{level + 1} {each}}}")
    parts.append(f"fragment F{levels} on Query{{__typename}}")
    return " ".join(parts)


def documents() -> Iterator[tuple[str, str]]:
    """(what it does, the document)."""
    for levels in (18, 30, 59, 120):
        yield f"fragments {levels} deep", _chain(levels)
    yield "fragments with fields", _chain(30, "a:__typename b:__typename c:__typename")
    yield "one field 1,900 times", "{" + "echo " * 1_900 + "}"
    yield "one field 100 times", "{...{" + "}...{".join(["echo"] * 100) + "}}"
    yield "100 equal fields with selections", "{" + 'getOrder(orderId:"1"){id lines{sku}} ' * 100 + "}"
    yield "9 times 190 equal leaves", "{" + ('getOrder(orderId:"1"){' + "id " * 190 + "}") * 9 + "}"
    yield "99 equal leaves under 15", "{" + ('getOrder(orderId:"1"){' + "id " * 6 + "}") * 15 + "}"
    yield "1,900 unknown fields", "{" + " ".join(f"orderz{n}" for n in range(1_900)) + "}"
    yield "unknown fields inside", '{getOrder(orderId:"1"){' + " ".join(f"linez{n}" for n in range(1_800)) + "}}"
    yield "long unknown names", "{getOrder(orderId:1){" + " ".join("x" * 1_000 + str(n) for n in range(90)) + "}}"
    yield "1,900 aliases", "{" + " ".join(f"a{n}:__typename" for n in range(600)) + "}"
    yield "nested selections", "{" + "getOrder{friend{" * 300 + "id" + "}}" * 300 + "}"
    yield "nested inline fragments", "{" + "...{" * 190 + "__typename" + "}" * 190 + "}"
    yield (
        "a chain of fragments of inline fragments",
        "{...F0} "
        + " ".join(f"fragment F{n} on Query{{{'...{' * 30}...F{n + 1} __typename{'}' * 30}}}" for n in range(18))
        + " fragment F18 on Query{__typename}",
    )
    yield "a deep list literal", "{echo(meta:" + "[" * 900 + "]" * 900 + ")}"
    yield "a wide list literal", "{echo(meta:[" + "1 " * 1_900 + "])}"
    yield "a wide object literal", "{echo(meta:{" + " ".join(f"a{n}:1" for n in range(600)) + "})}"
    yield "one object key 600 times", "{echo(meta:{" + "a:1 " * 600 + "})}"
    yield "1,900 directives", "{__typename " + "@include(if:true) " * 300 + "}"
    yield "unknown directives", "{__typename " + "@a " * 900 + "}"
    yield "variables", "query(" + " ".join(f"$v{n}:Int" for n in range(450)) + "){__typename}"
    yield "unknown types", "query(" + " ".join(f"$v{n}:Orders{n}" for n in range(450)) + "){__typename}"
    yield "operations", " ".join(f"query a{n}{{__typename}}" for n in range(380))
    yield "operations over fragments", " ".join(f"query q{n}{{...F0}}" for n in range(20)) + _chain(59)
    yield "spreads", "{" + "...F " * 900 + "} fragment F on Query{__typename}"
    yield (
        "spreads of many",
        (
            "{"
            + " ".join(f"...F{n}" for n in range(59))
            + "}"
            + " ".join(
                f"fragment F{n} on Query{{getOrder(orderId:1){{id placedAt lines{{sku}} metadata}}}}" for n in range(59)
            )
        ),
    )
    yield "conflicts", "{getOrder(orderId:1){" + " ".join(f"a{n % 25}:id a{n % 25}:metadata" for n in range(300)) + "}}"
    yield "introspection", "{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}"
    yield "cycle", "{...A} fragment A on Query{...B ...B} fragment B on Query{...A ...A}"
    yield "comments", "#\n" * 49_000 + "{__typename}"
    yield "one long comment", "#" + "x" * 99_000 + "\n{__typename}"
    yield "blanks", " " * 99_000 + "{__typename}"
    yield "a long name", "{" + "a" * 99_000 + "}"
    yield "a long string", '{echo(text:"' + "a" * 99_000 + '")}'
    yield "a long escaped string", '{echo(text:"' + "\\u0041" * 16_000 + '")}'
    yield "a long block string", '{echo(text:"""' + "a\n" * 49_000 + '""")}'
    yield "a long number", "{echo(number:" + "1" * 99_000 + ")}"
    yield "a long number in JSON", "{echo(meta:" + "1" * 99_000 + ")}"
    yield "a long string for a number", '{echo(number:"' + "a" * 99_000 + '")}'
    yield "long enough to refuse", "{" + "a" * 100_001 + "}"
    yield "pages in pages", "{orders(first:100){nodes{" + "friend{" * 10 + "id" + "}" * 10 + "}}}"
    yield "strings in arguments", ("{" + " ".join(f'a{n}:echo(text:"{"x" * 3_000}")' for n in range(30)) + "}")
    yield "equal fields with long arguments", "{" + ("echo(meta:{" + "a:1 " * 40 + "})") * 15 + "}"
