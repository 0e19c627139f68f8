"""What a granian worker loads: the application, in a process that ends when granian's first process does.

An orphaned worker would hold the port, and answer with yesterday's code beside its successors.
"""

import os
import signal

from order_management.processes import die_with_parent
from order_management.server import GRANIAN
from order_management.wsgi import application

die_with_parent(signal.SIGKILL, int(os.environ[GRANIAN]))

__all__ = ["application"]
