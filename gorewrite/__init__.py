"""gorewrite rewrites the Dockerfiles of Go services."""

__version__ = "0.1.0"
