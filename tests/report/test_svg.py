"""Traces as pictures."""

from xml.etree import ElementTree

from osmscope.report.svg import as_svg


def test_a_picture_shows_the_text_and_fetches_nothing() -> None:
    picture = as_svg("\x1b[32m✓\x1b[0m <a> & b\n  50 %", title="x & y", width=20)
    words = "".join(ElementTree.fromstring(picture).itertext())
    assert "✓" in words
    assert "<a>" in words.replace("\xa0", " ")
    assert "url(http" not in picture
    assert "@font-face" not in picture
