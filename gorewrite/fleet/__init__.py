"""Many Dockerfiles in one run: planned in chunks, wherever there is a processor, and put together.

`work` plans a chunk, in any process; `pool` and `cluster` have it done by several; `gathering`
draws what follows for files that Dockerfiles share and puts the results in order; `run` is all of
it.
"""
