"""The completions of bash and zsh, made from the command lines' own tables: argparse's of ./ritevisor, --help of
ritectl, boot/options_table.h."""

import argparse
import re
from dataclasses import dataclass, field
from pathlib import Path

from . import manual, words

# What the shells complete a value with, by its name in --help.
SCRIPTS, FILES, FOLDERS, BOOT_WORDS, NOTHING = "scripts", "files", "folders", "boot_words", ""
KINDS = {"FILE": FILES, "IMAGE": FILES, "K": FILES, "I": FILES, "ELF": FILES, "PATH": FILES, "SOCKET": FILES,
         "DIR": FOLDERS, "OPTION": BOOT_WORDS, "SCRIPT": SCRIPTS, "NAME": SCRIPTS, "SETTING": NOTHING}  # fmt: skip


@dataclass
class Option:
    names: list
    help: str
    value: str = ""  # its name; empty: takes none
    choices: list = field(default_factory=list)
    kind: str = NOTHING


@dataclass
class Command:
    name: str
    help: str
    options: list
    kind: str = NOTHING  # of what stands behind it without an option


def kind_of(option, value):
    return SCRIPTS if option == "--script" else KINDS.get(value, NOTHING)


def one_line(text):
    return " ".join(text.split())


def command_of(name, summary, parser):
    options, kind = [], NOTHING
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        value = manual.value_name(action)
        if not action.option_strings:
            kind = kind_of("", value)
            continue
        choices = [str(each) for each in action.choices or []]
        options.append(Option(action.option_strings, one_line(action.help or ""), value, choices,
                              kind_of(action.option_strings[-1], value)))  # fmt: skip
    return Command(name, summary, options, kind)


def ritevisor(parser):
    """Returns (its own options, commands)."""
    from commands.parser import subparsers

    own = command_of("", "", argparse.ArgumentParser(add_help=False))
    own.options = [Option(action.option_strings, one_line(action.help)) for action in parser._actions if action.option_strings]
    return own, [command_of(name, summary, each) for name, (summary, each) in subparsers(parser).items()]


def option_of(names, value, help_text):
    choices = value.split("|") if re.fullmatch(r"[a-z]+(\|[a-z]+)+", value) else []
    return Option(names, help_text, value, choices, FILES if value.startswith("F") else KINDS.get(value, NOTHING))


def ritectl():
    """The same of ritectl, whose options all commands take."""
    lines, found, _ = manual.ritectl_words()
    options = [option_of(*each) for each in found[""]]
    commands = []
    for text, help_text in lines:
        name, _, rest = text.partition(" ")
        if name.startswith("-"):
            options.append(Option([name], help_text or "", rest))
            continue
        kind = FILES if "FILE" in rest else NOTHING
        inner = [option_of(*each) for each in found.get(name, [])]
        inner += [Option([each], "") for each in re.findall(r"\[(-\w)\]", rest)]
        commands.append(Command(name, help_text or "", inner, kind))
    return Command("", "", options), commands


def boot_words():
    numbers, flags, texts = words.table()
    return sorted([*(f"{name}=" for name in (*numbers, *texts)), *flags])


# bash -------------------------------------------------------------------------------------------

BASH_HEAD = """# Completion of bash for {program}; made by tools/manual.

_{program}_words() {{ # of these words those that begin as what is typed
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}}

_{program}_of_kind() {{
	case $1 in
	files) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
	folders) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
	scripts)
		mapfile -t COMPREPLY < <(
			compgen -W "$(ritevisor scripts 2>/dev/null | cut -d ' ' -f 1)" -- "$2"
			compgen -f -X '!*.rb' -- "$2"
			compgen -d -- "$2"
		)
		;;
	boot_words)
		_{program}_words "{boot_words}" "$2"
		[[ ${{COMPREPLY[*]}} != *= ]] || compopt -o nospace 2>/dev/null
		;;
	esac
	case $1 in files | folders | scripts) compopt -o filenames 2>/dev/null ;; esac
}}

"""


def bash(program, own, commands):
    lines = [BASH_HEAD.format(program=program, boot_words=" ".join(boot_words())).rstrip("\n"), ""]
    lines += [f"_{program}() {{", "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}",
              "\tlocal command= at", "\tCOMPREPLY=()"]  # fmt: skip
    # The command is the first word that is neither an option nor an option's value.
    takers = "|".join(sorted({name for option in own.options if option.value for name in option.names}))
    lines += ["\tfor ((at = 1; at < COMP_CWORD; at++)); do", "\t\tcase ${COMP_WORDS[at]} in"]
    lines += [f"\t\t{takers}) at=$((at + 1)) ;;"] if takers else []
    lines += ["\t\t-*) ;;", "\t\t*) command=${COMP_WORDS[at]}; break ;;", "\t\tesac", "\tdone"]
    lines += ["\tcase $command:$before in"]
    for command in [own, *commands]:
        for option in command.options:
            if option.value:
                # ritectl's options stand before the command or behind it
                where = "*" if command is own else command.name
                patterns = "|".join(f"{where}:{name}" for name in option.names)
                lines.append(f"\t{patterns}) {bash_value(program, option)}return ;;")
    lines += ["\tesac", "\tcase $command in"]
    names = " ".join([*(each.name for each in commands), *bash_names(own)])
    lines.append(f'\t"") _{program}_words "{names}" "$word" ;;')
    for command in commands:
        shared = bash_names(own) if program == "ritectl" else []
        text = " ".join([*bash_names(command), *shared])
        other = f' else _{program}_of_kind {command.kind} "$word";' if command.kind else ""
        lines.append(f'\t{command.name}) if [[ $word == -* ]]; then _{program}_words "{text}" "$word";{other} fi ;;')
    lines += ["\tesac", "}", f"complete -F _{program} {program}", ""]
    return "\n".join(lines)


def bash_names(command):
    return [name for option in command.options for name in option.names]


def bash_value(program, option):
    if option.choices:
        return f'_{program}_words "{" ".join(option.choices)}" "$word"; '
    return f'_{program}_of_kind {option.kind} "$word"; ' if option.kind else ""


# zsh --------------------------------------------------------------------------------------------

ZSH_KINDS = {FILES: "_files", FOLDERS: "_files -/", SCRIPTS: "_{program}_scripts", BOOT_WORDS: "_{program}_boot_words"}


def zsh(program, own, commands):
    lines = [f"#compdef {program}", f"# Completion of zsh for {program}; made by tools/manual.", ""]
    lines += [f"_{program}_scripts() {{", "\tlocal -a names",
              "\tnames=(${(f)\"$(ritevisor scripts 2>/dev/null | sed 's/  */:/')\"})",
              "\t_describe 'ready script' names || _files -g '*.rb'", "}", ""]  # fmt: skip
    lines += [f"_{program}_boot_words() {{", "\tlocal -a words", f"\twords=({' '.join(boot_words())})",
              "\tcompadd -S '' -- $words", "}", "", f"_{program}_commands() {{", "\tlocal -a commands"]  # fmt: skip
    lines += ["\tcommands=(", *(f"\t\t{zsh_word(each.name + ':' + each.help)}" for each in commands), "\t)",
              "\t_describe command commands", "}", ""]  # fmt: skip
    lines += [f"_{program}() {{", "\tlocal curcontext=$curcontext state line", "\t_arguments -C \\"]
    lines += [f"\t\t{each} \\" for each in zsh_options(program, own)]
    lines += [f"\t\t'1:command:_{program}_commands' \\", "\t\t'*::word:->words' && return", "\tcase $line[1] in"]
    for command in commands:
        shared = zsh_options(program, own) if program == "ritectl" else []
        specs = [*zsh_options(program, command), *shared]
        if command.kind:
            specs.append(zsh_word(f"*:{command.kind}:{ZSH_KINDS[command.kind].format(program=program)}"))
        lines.append(f"\t{command.name}) _arguments {' '.join(specs)} ;;" if specs else f"\t{command.name}) ;;")
    lines += ["\tesac", "}", "", f'_{program} "$@"', ""]
    return "\n".join(lines)


def zsh_options(program, command):
    specs = []
    for option in command.options:
        text = option.help
        text = re.sub(r"([\[\]:\\])", r"\\\1", text)
        value = ""
        if option.value:
            action = f"({' '.join(option.choices)})" if option.choices else ""
            action = action or ZSH_KINDS.get(option.kind, " ").format(program=program)
            value = f":{option.value.replace(':', '')}:{action}"
        specs += [zsh_word(f"*{name}[{text}]{value}") for name in option.names]
    return specs


def zsh_word(text):
    return "'" + text.replace("'", "'\\''") + "'"


def write(parser, folder):
    for program, (own, commands) in (("ritevisor", ritevisor(parser)), ("ritectl", ritectl())):
        for place, text in ((f"bash-completion/completions/{program}", bash(program, own, commands)),
                            (f"zsh/site-functions/_{program}", zsh(program, own, commands))):  # fmt: skip
            file = Path(folder) / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
