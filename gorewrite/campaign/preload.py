"""What every process that plans a repository needs, imported once: see `workers`."""

import gc

from gorewrite import engine, project
from gorewrite.campaign import planning, workers
from gorewrite.fleet import run

engine.available()
# A process that plans one repository makes hardly any garbage, and shares what is here.
gc.set_threshold(500_000)
gc.freeze()

__all__ = ["engine", "planning", "project", "run", "workers"]
