"""Measuring processes: a question is a line of JSON on stdin, its answer a line on stdout.

Load is made outside the process that runs the benchmark, so that neither takes the other's interpreter, and each tells
its own CPU time.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_CLONE = Path(__file__).resolve().parents[2]


class Worker:
    """One measuring process: `python -m tests.bench.<module>`. `environ`: what its environment has besides."""

    def __init__(self, module: str, *, environ: Mapping[str, str] | None = None, **setup: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.bench.{module}"], cwd=_CLONE,
            env={**os.environ, "PYTHONPATH": str(_CLONE), **(environ or {})},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.ask(**setup)

    @property
    def pid(self) -> int:
        return self._process.pid

    def begin(self, **question: Any) -> None:
        """Put a question; `end` waits for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()

    def end(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a measuring process ended ({self._process.wait()})")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, **question: Any) -> dict[str, Any]:
        self.begin(**question)
        return self.end()

    def close(self) -> None:
        """It ends with its stdin."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def serve(setup: Callable[..., Callable[..., Mapping[str, Any]]]) -> None:
    """In the measuring process: the first line sets up, each further one is a round."""
    answer: Callable[..., Mapping[str, Any]] | None = None
    for line in sys.stdin:
        question = json.loads(line)
        if answer is None:
            answer, told = setup(**question), {}
        else:
            told = dict(answer(**question))
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
