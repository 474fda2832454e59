"""Links to lines of a repository at one commit, as each forge has them."""

from __future__ import annotations

import os
import re
from typing import Final, NamedTuple
from urllib.parse import quote

from gorewrite.forge.model import Address
from gorewrite.pulls.markup import code

#: Kind of forge -> path below the repository for browsers.
#: GitHub: "Getting permanent links to files". GitLab: config/routes/repository.rb, `/-/blob`.
#: Gitea: routers/web/web.go, `/src/commit/{sha}/*`.
_PLACES: Final = {
    "github": "blob/{commit}/{path}",
    "gitlab": "-/blob/{commit}/{path}",
    "gitea": "src/commit/{commit}/{path}",
}


class Links(NamedTuple):
    """How lines of one commit are linked to. base: up to the path; "" where nothing is."""

    base: str = ""

    def line(self, path: str, line: int, text: str = "") -> str:
        """Markdown for a line of a file, or for the whole file where the line is 0.

        path: relative to the repository; text: what is shown, by default the place.
        """
        shown = code(text or (f"{path}:{line}" if line else path))
        url = self.url(path, line)
        return f"[{shown}]({url})" if url else shown

    def url(self, path: str, line: int = 0) -> str:
        """The address of a line; "" where there is none."""
        if not self.base or path.startswith(("/", "../")) or not path:
            return ""
        # Markdown is shown as a page by all forges, in which there are no lines.
        plain = "?plain=1" if line and path.lower().endswith((".md", ".markdown")) else ""
        anchor = f"#L{line}" if line else ""
        return f"{self.base}{quote(os.fsencode(path))}{plain}{anchor}"


def links_for(address: Address, commit: str) -> Links:
    """How a forge links to lines of a commit.

    There are none for a forge of kind "none", nor for an address that is no plain HTTP.
    """
    place = _PLACES.get(address.kind)
    web = address.web.rstrip("/")
    if place is None or not re.fullmatch(r"https?://[^\s()<>@]+", web):
        return Links()
    return Links(f"{web}/{place.format(commit=commit, path='')}")
