"""The page of ./ritevisor report in windows of other kinds. For make test-long: a browser for each takes its time."""

import zlib

from browser import Browser
from harness import expect, test
from inside import ritevisor
from sample_trace import with_a_hostile_name


def picture_colours(png):
    """How many values a picture's bytes have: one that is empty has few."""
    data, at = b"", 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        data += png[at + 8 : at + 8 + size] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += size + 12
    return len(set(zlib.decompress(data)))


@test
def the_report_fits_narrow_and_dark_windows(work):
    page = work / "report.html"
    expect(ritevisor("report", with_a_hostile_name(work), "-o", page), 0, "284 events")
    with Browser() as browser:
        for width, dark in ((1000, False), (360, True)):
            browser.open(page, width=width, dark=dark)
            assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"wider than {width}"
            brightness = browser.evaluate("+getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
            assert (brightness < 64) == dark, brightness
            colours = picture_colours(browser.screenshot())
            assert colours > 50, colours
        # Its own address twice, for it was opened twice
        assert browser.requests == [page.as_uri()] * 2, browser.requests
        assert not browser.messages, browser.messages
