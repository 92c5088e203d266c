"""The examples in the documents run, the links in them lead somewhere, and the files that they and the
source name are there.

A fence says what it is: `ruby` is a script, which ./ritevisor check must find nothing wrong with; `events`
behind one is what the guest does then, and must see. `ruby fragment` is no script by itself, and is not run.
"""

import json
import re

from harness import ROOT, run, test

FENCE = re.compile(r"^([ \t]*)```(.*?)\n(.*?)^\1```$", re.M | re.S)
# What is no script: text to read, commands for a shell.
OTHERS = {"text", "sh", "ruby fragment"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.M)
# A file of the project, named with its folder; in quotes it is an #include.
NAMED = re.compile(r'(?<![\w/.*"<-])(?:boot|core|vmm|iommu|hook|mediator|process|control|engine|include|tests|tools|docs)'
                   r"/[\w./-]*\.(?:c|h|S|rb|py|md|mk|test|pml)\b")  # fmt: skip
SOURCES = ("boot", "core", "vmm", "iommu", "hook", "mediator", "process", "control", "include")
PAGES = [ROOT / "README.md", ROOT / "engine/README.md", *sorted((ROOT / "docs").glob("*.md"))]


def name_of(page):
    return str(page.relative_to(ROOT))


def fences(text):
    """Returns [(line, info, text)]; the `events` that belong to a script have its line."""
    return [(text.count("\n", 0, match.start()) + 1, match[2], match[3]) for match in FENCE.finditer(text)]


def examples(text):
    """Yields (line, script, events or None); raises AssertionError where a fence says nothing known."""
    found = fences(text)
    assert 2 * len(found) == len(re.findall(r"^[ \t]*```", text, re.M)), "a fence without its end"
    for at, (line, info, source) in enumerate(found):
        before = found[at - 1][1] if at else ""
        assert info in OTHERS | {"ruby", "events"}, f"line {line}: what is a fence of {info!r}?"
        assert info != "events" or before == "ruby", f"line {line}: events without a script before them"
        if info == "ruby":
            behind = found[at + 1] if at + 1 < len(found) else (0, "", "")
            yield line, source, behind[2] if behind[1] == "events" else None


def failure_of(work, page, line, source, events):
    script = work / f"{page.stem}_{line}.rb"
    script.write_text(source)
    words = []
    if events is not None:
        script.with_suffix(".events").write_text(events)
        words = ["--events", script.with_suffix(".events")]
    done = run("./ritevisor", "check", "--json", script, *words)
    # What stands before the list says that the engine is built first.
    if done.returncode == 0 and all(found["ok"] for found in json.loads(done.text[done.text.index("["):])):
        return None
    return f"{name_of(page)}:{line}: {done.text}"


@test
def documents_have_examples_that_run(work):
    count, failures = 0, []
    for page in PAGES:
        try:
            for line, source, events in examples(page.read_text()):
                count += 1
                failures.append(failure_of(work, page, line, source, events))
        except AssertionError as error:
            failures.append(f"{name_of(page)}: {error}")
    failures = [failure for failure in failures if failure]
    assert not failures, "\n".join(failures)
    assert count >= 25, f"only {count} examples were found"


@test
def documents_with_a_wrong_example_are_found(work):
    page = ROOT / "docs/wrong.md"
    for text, events in [("```ruby\non(:port_raed, 1) { }\n```\n", None),
                         ("```ruby\non(:port_read, 1) { |io| io.value = 2 }\n```\n"
                          "\n```events\nport_read 1 -> 3\n```\n", "port_read 1 -> 3\n")]:  # fmt: skip
        ((line, source, found),) = examples(text)
        assert found == events and failure_of(work, page, line, source, found), text
    for text in ["```\nputs 1\n```\n", "```events\nport_read 1\n```\n", "```ruby\nputs 1\n"]:
        try:
            list(examples(text))
        except AssertionError:
            continue
        raise AssertionError(f"not found: {text!r}")


def anchors(text):
    """What GitHub makes of headings."""
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in HEADING.findall(text)}


@test
def documents_link_to_what_there_is(work):
    wrong = []
    for page in [*PAGES, *sorted((ROOT / "tests").glob("*.md"))]:
        for link in LINK.findall(FENCE.sub("", page.read_text())):
            if re.match(r"\w+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
                wrong.append(f"{name_of(page)}: {link}")
    assert not wrong, " ".join(wrong)


@test
def documents_of_the_script_api_are_in_its_index(work):
    """What README and the tools call the script API are these pages; each is named once."""
    index = (ROOT / "docs/script-api.md").read_text()
    for word in ("hooks", "events", "time-limit", "policies", "access", "pci", "disks", "machine", "ruby", "costs",
                 "check", "gems"):  # fmt: skip
        assert index.count(f"| [{word}.md]({word}.md) |") == 1, word


def missing_files(page):
    return [f"{name_of(page)}: {name}" for name in NAMED.findall(page.read_text()) if not (ROOT / name).exists()]


@test
def documents_and_source_name_files_that_are_there(work):
    pages = PAGES + [path for folder in SOURCES for path in (ROOT / folder).rglob("*.[chS]")]
    missing = [name for page in pages for name in missing_files(page)]
    assert not missing, "\n".join(missing)
    assert sum(len(NAMED.findall(page.read_text())) for page in pages) >= 200, "few files are named"
