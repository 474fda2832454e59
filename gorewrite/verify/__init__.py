"""Proof by building: the image before and after a rewrite, measured, compared and run.

engines.py finds the engine and speaks its command line, workarea.py makes the two copies that are
built, measure.py builds and times them, images.py reads what was built, smoke.py runs it,
compare.py holds the two against each other, verification.py puts these together. Whatever is
left on the engine or on disk is removed by janitor.py, a process of its own, however this one
ends.
"""
