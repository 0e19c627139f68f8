#!/usr/bin/env python3
"""Django's command line. Without `DATABASE_URL` the embedded PostgreSQL is there while a command runs."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "order_management.settings")
    from order_management.commands import main

    sys.exit(main(sys.argv))
