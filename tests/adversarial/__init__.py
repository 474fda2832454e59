"""Generated services: built and run before and after in a model of a builder, and held against
each other. `python -m tests.adversarial N` looks at N of them.

programs.py, contexts.py and services.py make up services; disk.py, shell.py, commands.py,
gocommand.py, bases.py and build.py are the model of the builder, running.py that of a container;
check.py holds them against each other. The model shares no code with what it judges but the reader
of Dockerfiles, which has tests of its own against BuildKit's. mutations.py damages inputs.
"""
