"""The guides walk through the samples and nothing else; what they tell to type works, and answers as they say."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import settings

from ddd.published.workflow import FACTS
from ddd.published.workflow.facts import AMOUNTS
from tests.api.guides import FOLDER, SAMPLES, Step, blocks, documents, pages, refusals, samples_named, settled, steps
from tests.api.running import serving
from tests.builders import new_tenant_id

CLONE = Path(settings.BASE_DIR)
WORKFLOWS = CLONE / "docs" / "workflows"
#: Typed into one shell, one after the other.
WALK = ("storefront.md", "vendor.md", "branch.md", "tenant-admin.md")


def test_each_sample_that_a_guide_names_is_there_and_each_one_there_is_in_a_guide() -> None:
    there = {path.stem for path in SAMPLES.glob("*.graphql")}
    assert {(page, name) for page, text in pages().items() for name in samples_named(text) - there} == set()
    assert there - {name for text in pages().values() for name in samples_named(text)} == set()


def test_the_graphql_in_a_guide_is_a_samples() -> None:
    texts = {path.read_text().strip() for path in SAMPLES.glob("*.graphql")}
    for page, text in {**pages(), "workflows": (WORKFLOWS / "README.md").read_text()}.items():
        assert {each.strip() for each in blocks(text, "graphql")} <= texts, page
        assert not re.search(r"^\s*(query|mutation)\b.*[({]", text, re.M), page


def test_every_link_of_a_guide_leads_somewhere() -> None:
    for page, text in pages().items():
        for target in re.findall(r"\]\(([^)]+)\)", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)):
            if re.match(r"https?://", target):
                continue
            path, _, anchor = target.partition("#")
            found = FOLDER / path if path else FOLDER / page
            assert found.exists(), (page, target)
            if anchor:
                assert anchor in _anchors(found.read_text()), (page, target)


def _anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", [FOLDER / "tenant-admin.md", WORKFLOWS / "README.md"], ids=lambda each: each.name)
def test_the_facts_told_are_the_facts_there_are(page: Path) -> None:
    names = {name.rpartition(".")[0] if name.rpartition(".")[0] in AMOUNTS else name for name in FACTS}
    (list_,) = re.findall(r"(?:The facts:\n\n|\| fact \| type \|\n)(.*?)\n\n", page.read_text(), re.S)
    assert set(re.findall(r"`((?:order|customer)\.\w+)`", list_)) == names


def test_the_step_and_the_document_that_the_guide_shows_are_the_ready_ones() -> None:
    ready = json.loads((WORKFLOWS / "approval.json").read_text())
    shown = [json.loads(each) for each in blocks(pages()["tenant-admin.md"], "json")]
    assert ready["statuses"]["PENDING"]["steps"][0] in shown
    published = json.loads((SAMPLES / "publishWorkflow.json").read_text())["input"]["document"]
    assert {"$schema": ready["$schema"], **published} == ready


@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="the guides type jq and curl")
def test_what_the_guides_tell_to_type_answers_as_they_say(
    database: object, database_environment: Mapping[str, str], tmp_path: Path
) -> None:
    told = [step for name in WALK for step in steps(name)]
    tenant_id = new_tenant_id()
    with serving(database_environment) as address:
        printed = _typed(told, tenant_id, {**database_environment, "ORDERS_URL": address}, tmp_path)
    for step, output in zip(told, printed, strict=True):
        _compare(step, output.replace(tenant_id, "books"))


def _typed(told: list[Step], tenant_id: str, environment: Mapping[str, str], folder: Path) -> list[str]:
    """What each step prints, all typed into one shell, in a folder that is like the clone."""
    for name in ("docs", "sample_mutations", "manage.py"):
        (folder / name).symlink_to(CLONE / name)
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    script = ["set -eo pipefail"]
    for number, step in enumerate(told):
        commands = re.sub(r"(?<=tenant )books\b", tenant_id, step.commands)
        script += [f"printf '\\n@@@ {number}\\n'", commands]
    environ = {**os.environ, **environment, "PYTHONPATH": str(CLONE / "src")}
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    printed = re.split(r"\n@@@ \d+\n", done.stdout)[1:]
    assert (done.returncode, done.stderr) == (0, ""), (told[len(printed) - 1].place, printed[-1], done.stderr)
    return printed


def _compare(step: Step, output: str) -> None:
    answers = documents(output)
    if step.answer is not None:
        assert settled(answers.pop()) == settled(step.answer), step.place
    for each in answers:
        assert refusals(each) == [], step.place
