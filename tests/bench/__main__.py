"""`make bench`, `make bench ARGS=--quick`, `make bench ARGS="--workflows --against 30763d7^"`."""

import argparse
import os
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))  # `python -m tests.bench` needs no PYTHONPATH


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Measure, print, and write docs/benchmarks.md (a quick run only prints)."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the house against its floors.")
    parser.add_argument("--quick", action="store_true", help="under a minute; prints only")
    parser.add_argument("--out", help="where to write the page (default: docs/benchmarks.md; a quick run: nowhere)")
    parser.add_argument("--against", metavar="COMMIT", help="compare the plain workflow with the code of this commit")
    parser.add_argument("--workflows", action="store_true", help="only what workflows cost; prints only")
    options = parser.parse_args()
    os.environ["PORT"] = str(_free_port())  # the built-in issuer's name is the server's address
    os.environ["LOG_LEVEL"] = os.environ.get("LOG_LEVEL") or "INFO"  # as `make run`: a line for each request
    os.environ["DJANGO_SETTINGS_MODULE"] = "order_management.settings"
    import django  # noqa: PLC0415

    django.setup()
    # They import the settings, which read the environment set above.
    from tests.bench.run import run, run_workflows  # noqa: PLC0415

    if options.workflows:
        return run_workflows(quick=options.quick, against=options.against)
    return run(quick=options.quick, out=options.out, against=options.against)


if __name__ == "__main__":
    sys.exit(main())
