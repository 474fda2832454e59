"""Runs `gorewrite pr` in processes that are killed before their n-th step, one after the other.

A step is a push, or a request that writes to the forge: whatever else is done leaves the world as
it was, so these are all the states that a kill can leave it in. Started as a program: it reads
`directory n` from its input and answers with how the process ended: its status, or the number of
the signal below 0. All are forks of this one, which has loaded everything and done nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from gorewrite.cli import cli
from gorewrite.cli.pr import pr
from gorewrite.engine import available
from gorewrite.forge import connect, github, tokens
from gorewrite.git.run import Git
from gorewrite.pulls import planning, publish, telling

#: What a run would load one by one.
LOADED = (pr, connect, github, tokens, planning, publish, telling)


def dies_before(step: int) -> None:
    """From now on this process is killed before its so many-th step, counted from 1."""
    left = step

    def counted(function: Callable[..., Any], writes: Callable[..., bool]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            nonlocal left
            left -= writes(*args[1:])
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **named)

        return call

    pushes = counted(Git.run, lambda *args: args[0] == "push")
    requests = counted(httpx.Client.request, lambda method, *_: method != "GET")
    Git.run = pushes  # type: ignore[method-assign]
    httpx.Client.request = requests  # type: ignore[method-assign]


def run(options: Sequence[str], directory: str, step: int) -> int:
    """How a process ends that is killed before a step."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.chdir(directory)
        dies_before(step)
        cli(["pr", *options], standalone_mode=True)
    except SystemExit as ended:
        os._exit(int(ended.code or 0))
    os._exit(70)


if __name__ == "__main__":
    available()
    for line in sys.stdin:
        place, _, number = line.strip().rpartition(" ")
        print(run(sys.argv[1:], place, int(number)), flush=True)
