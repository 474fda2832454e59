"""Pull requests: planned Dockerfiles are grouped, committed, pushed and kept up to date."""
