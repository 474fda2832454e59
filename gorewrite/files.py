"""What stands at a path, asked so that nothing on disk can raise an error."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Literal


def kind_of(path: Path) -> Literal["file", "dir", "other"] | None:
    """What `path` is after following links; None when absent, dangling or out of reach.

    Path.is_file and Path.exists raise PermissionError below a directory that may not be searched.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(mode):
        return "file"
    return "dir" if stat.S_ISDIR(mode) else "other"
