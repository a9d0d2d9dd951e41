"""The report of a week of the real incidents in headless Chromium, on a phone and on a desk."""

import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from replay_assets.contracts.evaluation_report import REPORT_LANGUAGES, ReportLanguage
from replay_assets.evaluation.report.render import SECTIONS, render
from tests.e2e.axe import axe_script, examined, framed, size_of
from tests.e2e.dagster_ui import CHROMIUM, screenshot
from tests.e2e.long_report import INCIDENTS, long_report
from tests.e2e.report_week import report_of
from tests.e2e.test_real_incidents import program

pytestmark = pytest.mark.browser

WEEK, LAST = "2026-09-28", "2026-10-04"
PHONE, DESK = 390, 1280
FOLDED_PIXELS = 12_000
"""A page is folded where it would be longer than one reads: today's had 44,000 pixels."""


class Addresses(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep addresses, and elements that load something."""
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        assert tag not in ("script", "link", "iframe", "img", "object", "base")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> dict[ReportLanguage, str]:
    """The week's page in each language."""
    home = tmp_path_factory.mktemp("report")
    (home / "data").mkdir()
    source = f"sqlite:///{home / 'incidents.sqlite'}"
    program(home, source, "load", str(real_data))
    program(home, source, "backfill", "--from", WEEK, "--to", LAST)
    report = report_of(home / "data", WEEK)
    assert report.flips or len(report.incidents) == 18
    return {one: render("report.html.j2", report, one) for one in REPORT_LANGUAGES}


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core's script."""
    if CHROMIUM is None or shutil.which("npm") is None:
        pytest.skip("Debian's chromium or npm is not installed")
    return axe_script(tmp_path_factory.mktemp("axe"))


@pytest.mark.parametrize("language", REPORT_LANGUAGES)
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("opened", [False, True], ids=["folded", "opened"])
def test_the_page_is_accessible_and_fits_its_screen(
    pages: dict[ReportLanguage, str],
    axe: str,
    tmp_path: Path,
    language: ReportLanguage,
    width: int,
    opened: bool,
) -> None:
    """No serious or critical violation, no sideways scrolling, nothing loaded."""
    found = examined(pages[language], axe, tmp_path, width=width, opened=opened)
    severe = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    assert severe == []
    assert found["width"] <= found["inner"] == width
    assert found["requests"] == []
    assert opened or found["height"] < FOLDED_PIXELS


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_page_of_500_incidents_is_short_while_its_parts_are_folded(
    tmp_path: Path, width: int
) -> None:
    """It was as high as 44,000 pixels; every incident is still in it."""
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    page = render("report.html.j2", long_report())
    assert page.count('<details class="incident"') == INCIDENTS
    found = size_of(page, tmp_path, width=width)
    print(f"{INCIDENTS} incidents at {width}: {found['height']:,} pixels")
    assert found["height"] < FOLDED_PIXELS
    assert found["width"] == width


@pytest.mark.parametrize("language", REPORT_LANGUAGES)
def test_the_page_works_offline_and_links_only_within_itself(
    pages: dict[ReportLanguage, str], language: ReportLanguage
) -> None:
    """One file that can be mailed."""
    addresses = Addresses()
    addresses.feed(pages[language])
    assert set(addresses.found) >= {f"#{section}" for section in SECTIONS}
    assert [one for one in addresses.found if not one.startswith("#")] == []
    assert "url(" not in pages[language]
    for section in SECTIONS:
        assert f'id="{section}"' in pages[language]


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_page_can_be_looked_at(
    pages: dict[ReportLanguage, str], axe: str, tmp_path: Path, width: int
) -> None:
    """A picture from top to bottom, as a person reads it."""
    path = tmp_path / "page.html"
    path.write_text(framed(pages["en"], width, 6000), "utf-8")
    picture = tmp_path / "page.png"
    screenshot(path.as_uri(), picture, width=max(width, 500), height=6000)
    assert picture.stat().st_size > 100_000
