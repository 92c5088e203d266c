"""Tests of tools/deb and tools/manual: the package, as Debian's own checker and its users see it, the man pages and
the completions of bash and zsh."""

import functools
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from harness import ROOT, expect, run, test
from packaged import PATIENCE_S, package, unpacked

PAGES = ("man1/ritevisor.1", "man1/ritectl.1", "man5/ritevisor.conf.5", "man7/ritevisor-api.7")


@functools.cache
def manuals():
    folder = tempfile.TemporaryDirectory(prefix="rvmanual-")
    manuals.folder = folder
    expect(run("tools/manual", folder.name, timeout_s=PATIENCE_S), 0)
    return Path(folder.name)


# The package ------------------------------------------------------------------------------------


@test
def package_is_one_that_lintian_passes(work):
    version = run("./ritevisor", "--version").text.split()[1]
    assert package().name == f"ritevisor_{version}_amd64.deb", package()
    done = run("lintian", "--allow-root", "--fail-on", "error", "--tag-display-limit", "0", package(), timeout_s=PATIENCE_S)
    expect(done, 0)
    assert not re.search(r"^[EW]: ", done.text, re.M), done.text


@test
def package_works_in_another_root(work):
    usr = unpacked(work)
    (usr / "lib/ritevisor/build").chmod(0o555)
    program = usr / "bin/ritevisor"
    expect(run(program, "--version", cwd=work), 0, run("./ritevisor", "--version").text)
    expect(run(program, "check", "hello", cwd=work), 0, "hello.rb: ok")
    told = run(program, "scripts", "disk_latency", cwd=work)
    expect(told, 0, f"File: {usr}/lib/ritevisor/scripts/disk_latency.rb", "$ ritevisor boot --script disk_latency ")
    expect(run(usr / "bin/ritectl", "--help"), 0, "usage: ritectl")
    expect(run(usr / "lib/x86_64-linux-gnu/wireshark/extcap/ritectl", "--extcap-interfaces"), 0, "extcap {version=")
    expect(run(program, "boot", "--help", cwd=work), 0, "  ritevisor boot --script hello ")
    made = run(program, "boot", "--dry-run", "--script", "hello", "--run", "echo hello", cwd=work, env={"TMPDIR": str(work)})
    expect(made, 0, "guest.img")
    expect(run(program, "check", "helo", cwd=work), 2, "helo: no such file; ready scripts are listed by ritevisor scripts")
    none = run(program, "boot", "--disk", "none.img", cwd=work)
    expect(none, 1, "none.img: no such file; give --disk an image")
    assert "make" not in none.text, none.text


@test
def package_names_what_is_missing_as_a_package(work):
    usr = unpacked(work)
    tools = work / "tools"
    tools.mkdir()
    for name in ("python3", "grub-mkimage"):
        (tools / name).symlink_to(shutil.which(name))
    done = run(usr / "bin/ritevisor", "boot", "-e", "puts 1", cwd=work, env={"PATH": str(tools)})
    assert done.returncode == 1 and re.search(r"is not installed; install Debian's (xorriso|mtools); .* apt install .*xorriso", done.text), done.text
    expect(run(usr / "bin/ritevisor", cwd=work), 2, "boot a guest under Ritevisor")


@test
def package_tells_all_licences(work):
    usr = unpacked(work)
    text = (usr / "share/doc/ritevisor/copyright").read_text()
    # What is under the GPL is not among it
    built = {path.name for path in (usr / "lib/ritevisor/build").iterdir()}
    assert built == {"engine.elf", "engine-run", "hwcheck", "probe", "report", "ritectl", "ritevisor.efi", "ritevisor.elf"}, built
    for words in ("the Ritevisor authors", "mruby developers", "musl as a whole is licensed", "Zydis: linked", "Zycore: linked",
                  "PCRE2 License", "Zycore", "libsodium: linked", "hash_sha512_cp.c", "common-licenses/LGPL-2.1", "glibc 2."):  # fmt: skip
        assert words in text, words


@test
def package_installs_and_goes_without_a_trace(work):
    root = work / "root"
    for name in ("info", "updates"):
        (root / "var/lib/dpkg" / name).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    dpkg = ["fakeroot", "dpkg", f"--root={root}", f"--log={work}/log", "--force-depends", "--force-not-root",
            "--force-script-chrootless"]  # fmt: skip
    expect(run(*dpkg, "--install", package()), 0, "Setting up ritevisor")
    expect(run(root / "usr/bin/ritevisor", "check", "-e", "puts 6 * 7", cwd=work), 0, "42")
    expect(run(*dpkg, "--purge", "ritevisor"), 0)
    left = [path for path in root.rglob("*") if not path.is_dir() and "var/lib/dpkg" not in str(path)]
    assert not left, left


# The man pages ----------------------------------------------------------------------------------


@test
def manual_pages_are_without_warnings(work):
    for page in PAGES:
        path = manuals() / "man" / page
        expect(run("mandoc", "-Tlint", "-W", "warning", path), 0)
        shown = run("man", "--warnings", "-l", path, env={"MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
        expect(shown, 0, "SEE ALSO")
        assert "warning" not in shown.text.split("NAME")[0], shown.text[:300]


@test
def manual_pages_with_a_mistake_are_found(work):
    (work / "a.1").write_text((manuals() / "man" / PAGES[0]).read_text() + ".RS\n.nosuch\n")
    assert run("mandoc", "-Tlint", "-W", "warning", work / "a.1").returncode != 0


@test
def manual_has_what_the_documents_and_commands_say(work):
    shown = {}
    for page in PAGES:
        done = subprocess.run(["man", "-l", manuals() / "man" / page], capture_output=True, text=True, check=True,
                              env={**os.environ, "MANWIDTH": "500", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""})  # fmt: skip
        shown[page[5:]] = " ".join(done.stdout.split())
    for option in re.findall(r"^  (--[a-z-]+)", run("./ritevisor", "boot", "--help").text, re.M):
        assert option in shown["ritevisor.1"], option
    for line in re.findall(r"^  .*?(--[a-z-]+)", run("build/ritectl", "--help").text, re.M):
        assert line in shown["ritectl.1"], line
    for name in re.findall(r"^OPTION_\w+\((\w+)", (ROOT / "boot/options_table.h").read_text(), re.M):
        assert name == "vga" or name in shown["ritevisor.conf.5"], name
    for kind in re.findall(r"^([a-z]\w+)(?: \(|:)", run("./ritevisor", "check", "-l").text, re.M):
        assert f"{kind}: " in shown["ritevisor-api.7"] or f"{kind} (" in shown["ritevisor-api.7"], kind
    assert "./ritevisor" not in "".join(shown.values())


@test
def ritectl_help_names_what_it_takes(work):
    """The man page and the completions are made from --help; what the program looks for stands in its source."""
    source = (ROOT / "tools/ritectl/ritectl.c").read_text()
    text = run("build/ritectl", "--help").text
    taken = set(re.findall(r'is_option\(word, "(-\w)", "--', source)) | set(re.findall(r'strcmp\(word, "(--[a-z-]+)"', source))
    commands = set(re.findall(r'strcmp\(command, "(\w+)"', source))
    assert len(taken) > 8 and len(commands) > 8, (taken, commands)
    missing = [word for word in taken | commands if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)]
    assert not missing, missing


# Completion -------------------------------------------------------------------------------------


def bash_completes(work, *words):
    """What bash offers for the last of the words."""
    program = words[0]
    script = (f"source {manuals()}/bash-completion/completions/{program}\n"
              'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _' + program + '\nprintf "%s\\n" "${COMPREPLY[@]}"\n')  # fmt: skip
    done = run("bash", "-c", script, "bash", *words, cwd=work, env={"PATH": f"{ROOT}:{os.environ['PATH']}"})
    expect(done, 0)
    return sorted(done.text.split("\n")[:-1])


@test
def bash_completes_commands_options_and_values(work):
    (work / "my script.rb").touch()
    (work / "my.txt").touch()
    for words, offered in [
        (["ritevisor", "bo"], ["boot"]),
        (["ritevisor", "boot", "--firm"], ["--firmware"]),
        (["ritevisor", "boot", "--firmware", ""], ["bios", "uefi"]),
        (["ritevisor", "boot", "--script", "disk_"], ["disk_latency", "disk_trace"]),
        (["ritevisor", "boot", "--script", "my"], ["my script.rb"]),
        (["ritevisor", "boot", "--disk", "my"], ["my script.rb", "my.txt"]),
        (["ritevisor", "image", "--option", "mem"], ["memory="]),
        (["ritevisor", "check", "he"], ["heat_map", "hello"]),
        (["ritectl", "lo"], ["load", "log"]),
        (["ritectl", "-f", ""], ["json", "text"]),
        (["ritectl", "-f", "json", "re"], ["record", "reload", "repl"]),
        (["ritectl", "run", "my s"], ["my script.rb"]),
    ]:
        found = bash_completes(work, *words)
        assert found == offered, (words, found)


@test
def bash_completes_every_option(work):
    for command in ("boot", "check", "image", "install", "uninstall", "hwcheck"):
        options = set(re.findall(r"^  (?:-\w, )?(--?[a-z-]+)", run("./ritevisor", command, "--help").text, re.M))
        assert options and options <= set(bash_completes(work, "ritevisor", command, "-")), (command, options)


def zsh_completes(work, line):
    """What becomes of a line in zsh when Tab is pressed behind it."""
    master, slave = pty.openpty()
    zsh = subprocess.Popen(["zsh", "-f", "-i"], cwd=work, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                           env={**os.environ, "TERM": "dumb", "HOME": str(work), "PS1": "", "PATH": f"{ROOT}:{os.environ['PATH']}"})  # fmt: skip
    os.close(slave)
    try:
        setup = f"PS1=; fpath=({manuals()}/zsh/site-functions $fpath); autoload -U compinit; compinit -u -D; echo re''ady\n"
        os.write(master, setup.encode())
        read_until(master, b"ready")
        os.write(master, line.encode() + b"\t\x01echo '<' \x05 '>'\n")
        shown = read_until(master, b" >\r\n").decode()
        return re.search(r"\n< (.*?) *>\r\n", shown)[1]
    finally:
        zsh.kill()
        zsh.wait()
        os.close(master)


def read_until(file, text):
    data, deadline = b"", time.monotonic() + 100
    while text not in data and time.monotonic() < deadline:
        if select.select([file], [], [], 1)[0]:
            data += os.read(file, 65536)
    return data


@test
def zsh_completes_commands_options_and_values(work):
    for line, completed in [
        ("ritevisor unin", "ritevisor uninstall"),
        ("ritevisor boot --firmw", "ritevisor boot --firmware"),
        ("ritevisor boot --cpu in", "ritevisor boot --cpu intel"),
        ("ritevisor boot --script heat", "ritevisor boot --script heat_map"),
        ("ritevisor boot --option budg", "ritevisor boot --option budget_us="),
        ("ritectl unl", "ritectl unload"),
        ("ritectl --format js", "ritectl --format json"),
    ]:
        found = zsh_completes(work, line)
        assert found == completed, (line, found)
