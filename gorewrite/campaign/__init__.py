"""Campaigns: many repositories planned, and proposed to their owners, over hours and many runs.

`definition` is what a campaign is to do, `journal` what became of it; `sources` lists repositories,
`planning` plans one of them, in processes (`workers`) or on a cluster (`cluster`); `driver` is the
run, and the only one that writes; `publishing` opens the pull requests; `status` tells of it.
"""
