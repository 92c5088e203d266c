"""The documents' commands that boot. For make test-long."""

from documents import COMMANDS_RUN, play
from harness import expect, run, test


@test
def documents_have_commands_that_boot(work):
    for page in COMMANDS_RUN:
        (work / page.stem).mkdir()
        assert play(page, work / page.stem, is_long=True) >= 5, page


@test
def documents_show_a_session_that_can_be_made_again(work):
    expect(run("tools/session", work / "session.svg", timeout_s=900), 0)
    assert "ritevisor: done" in (work / "session.svg").read_text()
