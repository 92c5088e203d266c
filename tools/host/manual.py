"""The man pages. Each is put together from what says it already: the command lines' own tables, and the documents."""

import argparse
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import kinds, paths, roff, version
from .errors import UserError, need_file
from .installed import as_installed

DOCUMENTS = paths.ROOT / "docs"


@dataclass
class Page:
    name: str
    section: int
    summary: str
    body: str  # roff, behind NAME
    see_also: tuple

    @property
    def file_name(self):
        return f"{self.name}.{self.section}"

    def text(self):
        title = " ".join([self.name.upper().replace("-", "\\-"), str(self.section), date(), f'"Ritevisor {version.text()}"'])
        others = ",\n".join(f".BR {name.replace('-', chr(92) + '-')} ({section})" for name, section in self.see_also)
        see_also = re.sub(r"\),$", ") ,", others, flags=re.M)
        return without_idle_breaks("\n".join([
            '.\\" Made by tools/manual from the documents and the command line.', f".TH {title}",
            ".ad l",  # long words of code leave lines that cannot be filled
            ".SH NAME", f"{roff.escape(self.name, True)} \\- {roff.escape(self.summary)}",
            self.body.strip(), ".SH SEE ALSO", see_also,
            ".PP", "The documents, docs/NAME.md among them, are in /usr/share/doc/ritevisor,",
            "or in /usr/local/share/doc/ritevisor if", "\\fBmake install\\fR", "put them there.", "",
        ]))  # fmt: skip


def without_idle_breaks(text):
    """A heading begins a paragraph by itself."""
    return re.sub(r"^(\.S[HS] .*\n)\.PP\n", r"\1", text, flags=re.M)


def date():
    """The day of the version, so that the same text gives the same pages."""
    return time.strftime("%Y-%m-%d", time.gmtime(version.time()))


def part(document, title=None):
    """Returns the text of a document below its first heading, up to the second; or of the section with that title,
    without the heading."""
    lines = [line for line in (paths.ROOT / document).read_text().splitlines() if not line.startswith("![")]  # pictures
    level, chosen, is_in, in_fence = 1, [], False, False
    for line in lines:
        in_fence ^= line.lstrip().startswith("```")
        match = None if in_fence else roff.HEADING.match(line)
        if match and is_in and (title is None or len(match[1]) <= level):
            break
        if match and not is_in and title in (None, match[2]):
            level, is_in = len(match[1]), True
        elif is_in:
            chosen.append(line)
    if not is_in:
        raise UserError(f"{document} has no section {title!r}")
    return "\n".join(chosen)


def converted(text, top=1):
    """Markdown as it reads without a clone: paths of other documents in links are gone by then, and so is what the
    documents say of their own tests."""
    return roff.convert(re.sub(r" \(not run\b[^)]*\)", "", as_installed(text)), top)


def section(title, text):
    return roff.heading(title, 1) + "\n" + converted(text, 0)


# ritevisor(1) -----------------------------------------------------------------------------------


def option_names(action):
    """An option as it is typed: "-e CODE", "--cpu {amd,intel}"."""
    words = ", ".join(f"\\fB{roff.escape(name, True)}\\fR" for name in action.option_strings)
    value = value_name(action)
    return f"{words} \\fI{roff.escape(value, True)}\\fR" if words and value else words or f"\\fI{value}\\fR"


def value_name(action):
    if action.nargs == 0:
        return ""
    return action.metavar or ("{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper())


def help_of(parser, action):
    formatter = parser._get_formatter()
    return roff.plain(as_installed(formatter._expand_help(action)))


def command_section(name, summary, parser):
    lines = [roff.heading(f"ritevisor {name}", 2), ".PP", roff.plain(as_installed(parser.description or summary))]
    for group in parser._action_groups:
        actions = [each for each in group._group_actions if each.help != argparse.SUPPRESS and each.dest != "help"]
        if actions and group.title not in ("options", "positional arguments"):
            lines += [".PP", roff.escape(group.title[0].upper() + group.title[1:]) + ":"]
        for action in actions:
            lines.append(roff.tagged(option_names(action), help_of(parser, action)))
    if parser.epilog:
        lines.append(epilog(parser.epilog))
    return "\n".join(lines)


def epilog(text):
    """Examples as they are, what stands around them as paragraphs."""
    blocks = re.split(r"\n\n", as_installed(text).strip())
    done = []
    for block in blocks:
        lines = block.splitlines()
        if lines[0].endswith(":") and all(line.startswith("  ") for line in lines[1:]):
            title = roff.escape(lines[0][0].upper() + lines[0][1:])
            done += [".PP", title, roff.literal("\n".join(line.strip() for line in lines[1:]))]
        elif block.startswith("  "):
            done.append(roff.literal("\n".join(line.strip() for line in lines)))
        else:
            done.append(".PP\n" + roff.plain(block))
    return "\n".join(done)


def ritevisor_page(parser):
    from commands.parser import subparsers

    commands = subparsers(parser)
    synopsis = [".SH SYNOPSIS", ".nf"]
    for name, (_, each) in commands.items():
        usage = " ".join(each.format_usage().removeprefix("usage: ").split())
        if len(usage) > 100:  # what takes many options: they stand below
            usage = f"ritevisor {name} [options]"
        synopsis.append(roff.escape(usage, True))
    synopsis += ["ritevisor \\-\\-version", ".fi"]
    body = [*synopsis, ".SH DESCRIPTION", ".PP", roff.plain(parser.description),
            converted(part("README.md"), 0), ".SH COMMANDS"]  # fmt: skip
    body += [command_section(name, summary, each) for name, (summary, each) in commands.items()]
    body += [section("On a real machine", part("README.md", "On a real machine")),
             section("Limits", part("README.md", "Limits"))]  # fmt: skip
    return Page("ritevisor", 1, "a thin hypervisor that is scripted in Ruby", "\n".join(body),
                (("ritectl", 1), ("ritevisor.conf", 5), ("ritevisor-api", 7), ("qemu-system-x86_64", 1)))  # fmt: skip


# The others -------------------------------------------------------------------------------------


def ritectl_help():
    return subprocess.run([need_file(str(paths.CONTROL), "run make"), "--help"], check=True, capture_output=True,
                          text=True).stdout  # fmt: skip


def ritectl_words():
    """What ritectl --help says: ([(words, help) of a command], {command: [(names, value, help) of an option]}, the
    rest). Options of all commands are those of ""."""
    commands, options, rest, owner = [], {"": []}, [], ""
    lines = ritectl_help().splitlines()
    column = re.match(r".*?\]\s.*?\s{2,}", lines[0]).end()  # where the help of commands begins
    for line in lines:
        if match := re.match(r"(?:usage:|      ) ritectl (?:\[OPTIONS\] )?", line):
            words, _, help_text = line[match.end() :].partition("   ")
            if not help_text:  # words as long as their column
                words, help_text = line[match.end() : column], line[column:]
            commands.append((words.strip(), help_text.strip()))
        elif match := re.match(r"options of (\w+):$", line):
            owner = match[1]
            options[owner] = []
        elif match := re.match(r"  +((?:-\w, )?--[\w-]+)(?: (\S+))?  +(.*)$", line):
            options[owner].append((match[1].split(", "), match[2] or "", match[3]))
        elif line != "options:":
            rest.append(line.strip())
    return commands, options, " ".join(rest)


def ritectl_page():
    commands, options, rest = ritectl_words()
    body = [".SH SYNOPSIS"]
    body += [roff.tagged(f"\\fBritectl\\fR [\\fIOPTIONS\\fR] \\fB{roff.escape(words, True)}\\fR", roff.plain(help_text))
             for words, help_text in commands]  # fmt: skip
    body += [section("Description", part("docs/control.md")), ".SH OPTIONS"]
    for owner, found in options.items():
        body += [roff.heading(f"Of {owner}", 2)] if owner else []
        for names, value, help_text in found:
            tag = ", ".join(f"\\fB{roff.escape(name, True)}\\fR" for name in names)
            body.append(roff.tagged(f"{tag} \\fI{roff.escape(value, True)}\\fR" if value else tag, roff.plain(help_text)))
    before, _, status = rest.partition("exit status: ")
    body += [".PP", roff.plain(before), ".SH EXIT STATUS", roff.plain(status)]
    body += [section(title, part("docs/control.md", title))
             for title in ("From one version to the next", "What a script may, and when", "Who may", "By a serial line")]  # fmt: skip
    return Page("ritectl", 1, "load, watch and unload Ritevisor's scripts while the guest runs", "\n".join(body),
                (("ritevisor", 1), ("ritevisor.conf", 5), ("ritevisor-api", 7)))  # fmt: skip


def conf_page():
    body = [section("Description", part("docs/uefi.md", "ritevisor.conf")),
            section("Boot options", part("README.md", "Options of the hypervisor")),
            section("Files", "`EFI/ritevisor/ritevisor.conf` on the EFI system partition, beside `ritevisor.efi`; on a "
                             "medium `EFI/BOOT/ritevisor.conf`."),
            section("Starting", part("docs/uefi.md", "Ways to start it")),
            section("Secure Boot", part("docs/uefi.md", "Secure Boot"))]  # fmt: skip
    return Page("ritevisor.conf", 5, "how Ritevisor starts by UEFI, and the options of its boot line", "\n".join(body),
                (("ritevisor", 1), ("ritectl", 1), ("ritevisor-api", 7), ("efibootmgr", 8)))  # fmt: skip


def api_pages():
    """The documents that the index of the script API names, in its order."""
    return [DOCUMENTS / name for name in re.findall(r"^\| \[([\w-]+\.md)\]", part("docs/script-api.md", "Pages"), re.M)]


def api_page():
    body = [section("Description", part("docs/script-api.md")),
            section("Events and verdicts", part("README.md", "Events and verdicts"))]  # fmt: skip
    body += [converted(page.read_text(), 1) for page in api_pages()]
    body += [".SH KINDS", roff.literal("\n".join(kinds.listing()))]
    return Page("ritevisor-api", 7, "what scripts of Ritevisor can do", "\n".join(body),
                (("ritevisor", 1), ("ritectl", 1), ("ritevisor.conf", 5)))  # fmt: skip


def pages(parser):
    return [ritevisor_page(parser), ritectl_page(), conf_page(), api_page()]


def write(parser, folder):
    """Writes all pages below a folder's man1, man5, man7."""
    for page in pages(parser):
        place = Path(folder) / f"man{page.section}"
        place.mkdir(parents=True, exist_ok=True)
        (place / page.file_name).write_text(page.text())
