"""The life of orders against its model, as many requests as asked for: a run of its test with a database of its own."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.soak.house import CLONE

_TEST = "tests/model/test_life_against_the_model.py::test_server_and_model_agree_on_every_answer_and_every_state"


def live_and_compare(requests: int) -> dict[str, Any]:
    """What was done; raises where server and model disagreed, with pytest's own words on the way to the terminal."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        subprocess.run(
            [sys.executable, "-m", "pytest", _TEST, "-q", "-p", "no:cacheprovider", "--show-capture=no"],
            cwd=CLONE,
            env={**os.environ, "LIFE_REQUESTS": str(requests), "LIFE_FIGURES": str(figures)},
            check=True,
        )
        found: dict[str, Any] = json.loads(figures.read_text())
        return found
