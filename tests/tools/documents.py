"""The examples in the documents run, the links in them lead somewhere, and the files that they and the
source name are there. pages.py says which fence is what."""

import html
import importlib.machinery
import importlib.util
import json
import re
import shlex
import sys

from harness import ROOT, run, test
from pages import FENCE, PAGES, fences, name_of, play_all

sys.path.insert(0, str(ROOT / "tools"))

from host import paths, simulation  # noqa: E402

# What is no script: text to read, commands for a shell.
OTHERS = {"text", "sh", "ruby fragment", "sh run", "sh run long", "text output"}
SCRIPT = re.compile(r"ruby( [\w.-]+\.rb)?$|sh one-liner$")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.M)
# A file of the project, named with its folder; in quotes it is an #include.
NAMED = re.compile(r'(?<![\w/.*"<-])(?:boot|core|crypt|vmm|iommu|hook|mediator|process|control|engine|include|tests|tools|docs)'
                   r"/[\w./-]*\.(?:c|h|S|rb|py|md|mk|test|pml)\b")  # fmt: skip
SOURCES = ("boot", "core", "crypt", "vmm", "iommu", "hook", "mediator", "process", "control", "include")


def examples(text):
    """Yields (line, script, events or None); raises AssertionError where a fence says nothing known."""
    found = fences(text)
    assert 2 * len(found) == len(re.findall(r"^[ \t]*```", text, re.M)), "a fence without its end"
    for at, (line, info, source) in enumerate(found):
        before = found[at - 1][1] if at else ""
        is_script = bool(SCRIPT.match(info)) and info not in OTHERS
        assert is_script or info in OTHERS | {"events"}, f"line {line}: what is a fence of {info!r}?"
        assert info != "events" or SCRIPT.match(before), f"line {line}: events without a script before them"
        assert info != "text output" or before.startswith("sh run"), f"line {line}: output of what?"
        if is_script:
            behind = found[at + 1] if at + 1 < len(found) else (0, "", "")
            source = code_of(source) if info == "sh one-liner" else source
            yield line, source, behind[2] if behind[1] == "events" else None


def code_of(command):
    """The script in a command's -e."""
    words = shlex.split(command)
    assert words[:-1] in (["ritectl", "-e"], ["ritevisor", "boot", "-e"]), command
    return words[-1] + "\n"


def failure_of(work, page, line, source, events):
    """As ./ritevisor check, without a process of Python and make for each."""
    script, events_file = work / f"{page.stem}_{line}.rb", None
    script.write_text(source)
    if events is not None:
        events_file = script.with_suffix(".events")
        events_file.write_text(events)
    result = simulation.check_script([str(script)], [], events_file, paths.ENGINE)
    return None if result.is_ok() else f"{name_of(page)}:{line}: {json.dumps(result.as_dict())}"


@test
def documents_have_examples_that_run(work):
    simulation.prepare()
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
    for word in ("hooks", "events", "time-limit", "policies", "access", "pci", "disks", "traces", "machine", "ruby", "costs",
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


@test
def documents_have_commands_that_run(work):
    assert play_all(work, is_long=False) >= 6


@test
def documents_mark_what_is_not_run(_):
    """Before commands that no test runs, and sessions that none made, the reader is told; and commands are in fences."""
    for page in PAGES:
        text = page.read_text()
        for match in FENCE.finditer(text):
            before = text[: match.start()].rstrip().rpartition("\n")[2]
            is_session = match[2] == "text" and re.search(r"^(?:\$|root@\w+#) ", match[3], re.M)
            assert not (match[2] == "sh" or is_session) or "(not run" in before, f"{name_of(page)}: {before}"
        assert not re.search(r"\n\n {4}", FENCE.sub("", text)), f"{name_of(page)}: a block that is no fence"


@test
def documents_show_a_session_that_is_so(_):
    """What boots is in tests/tools/run-long."""
    loader = importlib.machinery.SourceFileLoader("session", str(ROOT / "tools/session"))
    session = importlib.util.module_from_spec(importlib.util.spec_from_loader("session", loader))
    loader.exec_module(session)
    shown = html.unescape((ROOT / "docs/session.svg").read_text())
    quick = [each for each in session.SESSION if each[1] is None]
    assert len(quick) >= 2
    for row in [row for line in session.transcript(quick) for row in session.folded(line)]:
        assert f">{row}</text>" in shown, row
    for command, beginnings in session.SESSION:
        assert session.folded(f"$ {command}")[0] in shown, command
        assert all(beginning in shown for beginning in beginnings or []), beginnings


# A function or a type of ours, as documents name it.
C_NAME = re.compile(r"`(?:struct |enum )?([a-z]+_[a-z0-9_]+)(?:\(\))?`")
C_PAGES = [ROOT / "docs/mediators.md"]


@test
def documents_name_functions_that_are_there(_):
    known = set()
    for folder in SOURCES:
        for path in (ROOT / folder).rglob("*.[ch]"):
            known |= set(re.findall(r"\w+", path.read_text()))
    for page in C_PAGES:
        names = C_NAME.findall(page.read_text())
        assert len(names) > 20, page
        assert not set(names) - known, (page.name, sorted(set(names) - known))
