from __future__ import annotations

import os
import stat
from xml.etree import ElementTree

import pytest

TABLE = """
virtual_hosts:
- name: web
  domains: [web]
  routes:
  - {match: {prefix: /a}, route: {cluster: a}}
  - {match: {prefix: /b}, route: {cluster: b}}
"""
TEST = "tests: [{test_name: one, input: {authority: web, path: /a}, validate: {cluster_name: %s}}]"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "routes.yaml"
    path.write_text(TABLE)
    return path


@pytest.fixture
def tests(tmp_path):
    def write(text: str):
        path = tmp_path / "routes.test.yaml"
        path.write_text(text)
        return path

    return write


def test_the_example_of_the_fixture_passes(osmscope, bookstore):
    done = osmscope("test", bookstore / "routes.test.yaml", "bookbuyer", "--from", bookstore)
    assert done.code == 0
    assert done.out.count(" PASSED\n") == 6
    assert "2 of 5 routes are reached (40.0 %)" in done.out
    assert "== 6 passed in " in done.out


def test_it_comes_with_the_package(osmscope, bookstore):
    done = osmscope("test", bookstore / "routes.test.yaml", "bookbuyer", "--from", "demo")
    assert done.code == 0


def test_a_failure_is_1_with_what_came_instead(osmscope, table, tests):
    done = osmscope("test", tests(TEST % "x"), table)
    assert done.code == 1
    assert "routes.test.yaml::one FAILED" in done.out
    assert "    expected  x\n    actual    a\n" in done.out
    assert "1 failed in " in done.out


def test_a_failure_says_where_it_stands_and_is_summed_up(osmscope, table, tests, tmp_path):
    path = tests(f"# two tests\n{TEST % 'x'}")
    report = tmp_path / "report.xml"
    done = osmscope("test", path, table, "--junit-xml", report)
    assert f"\n{path}:2\n" in done.out
    assert f"\nFAILED {path}::one - cluster_name: expected x, not a\n" in done.out
    failure = ElementTree.parse(report).find(".//failure")
    assert failure is not None
    assert (failure.text or "").startswith(f"{path}:2\n")


@pytest.mark.parametrize(("percent", "code"), [("50", 0), ("50.1", 1)])
def test_coverage_below_the_limit_is_1(osmscope, table, tests, percent, code):
    done = osmscope("test", tests(TEST % "a"), table, "--fail-under", percent)
    assert done.code == code
    assert ("coverage 50.0 % is below 50.1 %" in done.out) is (code == 1)
    assert "  not reached: web  #1 (path /b*)" in done.out


def test_junit_xml_is_written_whole(osmscope, table, tests, tmp_path):
    report = tmp_path / "report.xml"
    report.write_text("old")
    done = osmscope("test", tests(TEST % "x"), table, "--junit-xml", report)
    assert done.code == 1
    assert ElementTree.parse(report).getroot().get("failures") == "1"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(report.stat().st_mode) == 0o666 & ~mask
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"report.xml", "routes.yaml", "routes.test.yaml"}


def test_a_report_that_cannot_be_written_is_told(osmscope, table, tests, tmp_path):
    done = osmscope("test", tests(TEST % "a"), table, "--junit-xml", tmp_path / "no" / "x.xml")
    assert done.code == 2
    assert "cannot be written: No such file or directory" in done.err


def test_a_report_goes_through_links_and_to_devices(osmscope, table, tests, tmp_path):
    link, report = tmp_path / "link.xml", tmp_path / "report.xml"
    report.write_text("old")
    link.symlink_to(report)
    assert osmscope("test", tests(TEST % "a"), table, "--junit-xml", link).code == 0
    assert link.is_symlink()
    assert "<testsuites" in report.read_text()
    assert osmscope("test", tests(TEST % "a"), table, "--junit-xml", os.devnull).code == 0
    assert not os.path.isfile(os.devnull)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tests: [", "routes.test.yaml, line 1)"),
        ("tests: [{test_name: one}]", "input is missing ("),
        (TEST.replace("cluster_name", "cluster") % "a", "contains unknown field `cluster`"),
        (TEST.replace("validate", "route_config: x, validate") % "a", "is named 'x'"),
    ],
)
def test_what_cannot_be_read_is_2_and_one_line(osmscope, table, tests, text, message):
    done = osmscope("test", tests(text), table)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_several_tables_ask_for_a_name(osmscope, bookstore, tests):
    file = tests(TEST % "a")
    done = osmscope("test", file, "bookbuyer", "--from", bookstore)
    assert done.code == 2
    assert "name one with --route-config: rds-inbound.14001, rds-outbound.14001" in done.err
    named = ("--route-config", "rds-outbound.14001")
    assert osmscope("test", file, "bookbuyer", "--from", bookstore, *named).code == 1


def test_standard_input_is_one_thing(osmscope):
    done = osmscope("test", "-", "-")
    assert done.code == 2
    assert "cannot be both the tests and the dump" in done.err


def test_names_from_files_are_escaped(osmscope, table, tests):
    text = TEST.replace("test_name: one", r'test_name: "\e[31mred"') % "a"
    done = osmscope("test", tests(text), table)
    assert r"\x1b[31mred PASSED" in done.out
    assert "\x1b" not in done.out
