"""What this process may use of the machine."""

from __future__ import annotations

import os


def processors() -> int:
    """How many processors this process may run on, which can be fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
