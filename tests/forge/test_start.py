"""What everybody imports costs nothing: HTTP and its kin are loaded by connecting."""

from __future__ import annotations

import subprocess
import sys


def test_what_is_light_stays_light() -> None:
    program = (
        "import sys, gorewrite.forge.address, gorewrite.forge.tokens, gorewrite.forge.pacing,"
        " gorewrite.forge.connect, gorewrite.forge.model\n"
        "print(sorted({'httpx', 'sqlite3', 'ssl', 'asyncio', 'jwt'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
