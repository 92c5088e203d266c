"""The pages of documents: what is in their fences, and running those that are commands.

A fence says what it is: `ruby` is a script, which ./ritevisor check must find nothing wrong with; `events`
behind one is what the guest does then, and must see. `ruby fragment` is no script by itself, and is not run.
`sh one-liner` is a command with a script behind -e, which is checked as such. `ruby FILE` is kept in a file, and
`sh run` are commands, run in a folder with the page's files; `sh run long` likewise, by make test-long. What `text
output` behind one says, line by line, is in what it prints. `sh` is not run.
"""

import os
import re

from harness import ROOT, run

FENCE = re.compile(r"^([ \t]*)```(.*?)\n(.*?)^\1```$", re.M | re.S)
PAGES = [ROOT / "README.md", ROOT / "engine/README.md", *sorted((ROOT / "docs").glob("*.md"))]


def name_of(page):
    return str(page.relative_to(ROOT))


def fences(text):
    """Returns [(line, info, text)]; the `events` that belong to a script have its line."""
    return [(text.count("\n", 0, match.start()) + 1, match[2], match[3]) for match in FENCE.finditer(text)]


def play(page, work, is_long):
    """Runs the page's commands in its order, in a folder with its files. Returns how many fences of commands ran."""
    found, count = fences(page.read_text()), 0
    (work / "ritevisor").symlink_to(ROOT / "ritevisor")
    for at, (line, info, text) in enumerate(found):
        if match := re.match(r"ruby ([\w.-]+\.rb)$", info):
            (work / match[1]).write_text(text)
        if info == "sh run" or (is_long and info == "sh run long"):
            done = run("sh", "-e", "-c", text, cwd=work, env={"PATH": f"{ROOT}:{os.environ['PATH']}"}, timeout_s=600)
            assert done.returncode == 0, f"{name_of(page)}:{line}: status {done.returncode}: {done.text}"
            behind = found[at + 1] if at + 1 < len(found) else (0, "", "")
            for expected in behind[2].splitlines() if behind[1] == "text output" else []:
                assert expected.rstrip() in done.text, f"{name_of(page)}:{line}: no {expected!r} in: {done.text}"
            count += 1
    return count


def play_all(work, is_long):
    """Likewise, of all pages; each has a folder of its own."""
    count = 0
    for page in PAGES:
        folder = work / name_of(page).replace("/", "_")
        folder.mkdir()
        count += play(page, folder, is_long)
    return count
