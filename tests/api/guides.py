"""The guides, read as a newcomer reads them: what they tell to type, and what they say comes of it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "docs" / "guides"
SAMPLES = Path(settings.BASE_DIR) / "sample_mutations"
_DECODER = json.JSONDecoder()
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
_VARYING = {
    "an id": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "a number": re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b"),
    "a time": re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)"),
}


@dataclass(frozen=True)
class Step:
    """A block of commands. `answer`: the JSON that is shown below it, what its last command prints."""

    place: str
    commands: str
    answer: Any = None


def pages() -> dict[str, str]:
    """Every guide by its file's name."""
    return {path.name: path.read_text() for path in sorted(FOLDER.glob("*.md"))}


def steps(name: str) -> list[Step]:
    """What the guide tells to type, in its order."""
    text = pages()[name]
    found: list[Step] = []
    end = 0
    for block in _FENCED.finditer(text):
        language, content = block.groups()
        place = f"{name}, line {text.count(chr(10), 0, block.start()) + 1}"
        if language == "sh":
            found.append(Step(place, content))
        elif language == "json" and found and not text[end : block.start()].strip():
            found[-1] = Step(found[-1].place, found[-1].commands, json.loads(content))
        end = block.end()
    return found


def blocks(text: str, language: str) -> list[str]:
    return [content for found, content in _FENCED.findall(text) if found == language]


def samples_named(text: str) -> set[str]:
    """The samples that a guide sends or points at."""
    sent = {name for block in blocks(text, "sh") for name in re.findall(r"\bcall (\w+)", block)}
    return sent | set(re.findall(r"sample_mutations/(\w+)\.(?:graphql|json)\b", text))


def documents(printed: str) -> list[Any]:
    """The JSON documents that stand one behind the other in what was printed; none where it begins otherwise."""
    found: list[Any] = []
    at = 0
    while at < len(printed):
        try:
            document, at = _DECODER.raw_decode(printed, at)
        except json.JSONDecodeError:
            assert not found, printed
            return []
        found.append(document)
        at += len(printed[at:]) - len(printed[at:].lstrip())
    return found


def refusals(answer: Any) -> list[Any]:
    """What an answer of the server says went wrong."""
    if not isinstance(answer, dict):
        return []
    payloads = [each for each in (answer.get("data") or {}).values() if isinstance(each, dict)]
    return [error for each in (answer, *payloads) for error in each.get("errors", [])]


def settled(answer: Any) -> Any:
    """The same without what is another in each run."""
    text = json.dumps(answer)
    for name, pattern in _VARYING.items():
        text = pattern.sub(name, text)
    return json.loads(text)
