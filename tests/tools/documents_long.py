"""The documents' commands that boot. For make test-long."""

from harness import expect, run, test
from pages import play_all


@test
def documents_have_commands_that_boot(work):
    assert play_all(work, is_long=True) >= 12


@test
def documents_show_a_session_that_can_be_made_again(work):
    expect(run("tools/session", work / "session.svg", timeout_s=900), 0)
    assert "ritevisor: done" in (work / "session.svg").read_text()
