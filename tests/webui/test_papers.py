"""Documents, key figures and the fallback sheet in a real Chromium."""

from pathlib import Path

import pypdfium2
from playwright.sync_api import Browser, Page, expect

from tests.webui.test_pages import DESK, SiteProcess, both, plain, sign_in, site

__all__ = ("both", "plain", "site")  # fixtures of test_pages.py, in use here too


def saved(page: Page, button: str, folder: Path) -> tuple[str, bytes]:
    """Name and content of the file that a button saves."""
    with page.expect_download() as download:
        page.get_by_test_id(button).first.click()
    file = folder / "file"
    download.value.save_as(file)
    return download.value.suggested_filename, file.read_bytes()


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "".join(page.get_textpage().get_text_bounded() for page in document)


def test_an_incidents_documents_are_read_and_saved_at_its_card(
    plain: Browser, site: SiteProcess, tmp_path: Path
) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    page.get_by_test_id("incident-card").first.click()
    expect(page.get_by_test_id("document")).to_have_count(7)
    kinds = [each.get_attribute("data-kind") for each in page.get_by_test_id("document").all()]
    assert kinds == [
        "alarm_record",
        "run_card",
        "task_order",
        "flight_plan",
        "flight_log",
        "settlement",
        "fire_report",
    ]
    name, pdf = saved(page, "document-pdf", tmp_path)
    assert name.startswith("火情接报单-36-INC-")
    assert "三爪仑林火" in text_of(pdf)
    page.locator("[data-testid=document][data-kind=task_order]").get_by_test_id("document-open").click()
    paper = page.get_by_test_id("paper")
    expect(paper).to_have_attribute("data-revision", "2")
    expect(paper.locator("[data-key=answer]")).to_have_text("接受")
    page.get_by_test_id("paper-revision").select_option("1")
    expect(paper.locator("[data-key=answer]")).to_have_text("未应答")
    name, pdf = saved(page, "paper-pdf", tmp_path)
    assert name == "飞行任务书-2026-GY-1124-01-RW-1.pdf"
    assert "第 1 版" in text_of(pdf)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("paper-page")).to_have_count(0)
    assert page.complaints == []  # type: ignore[attr-defined]  # set in open_page


def test_key_figures_show_their_cases_and_say_what_is_not_known(
    plain: Browser, site: SiteProcess, tmp_path: Path
) -> None:
    page = sign_in(plain, site, "zhiban", DESK)
    page.get_by_test_id("sheet-kpis").click()
    page.get_by_test_id("kpis-from").fill("2026-11-20")
    page.get_by_test_id("kpis-to").fill("2026-11-24")
    expect(page.get_by_test_id("kpis-page")).to_have_attribute("data-incidents", "1")
    airborne = page.locator("[data-testid=kpi][data-key=airborne]")
    expect(airborne).to_contain_text("10 min")
    expect(airborne.locator("circle")).to_have_count(1)
    late = page.locator("[data-testid=kpi][data-key=eta_error] circle")
    expect(late).to_have_class("late")
    unknown = page.locator("[data-testid=kpi-unknown][data-key=first_drop]")
    expect(unknown).to_contain_text("相应任务没有投水记录")
    name, csv = saved(page, "kpis-csv", tmp_path)
    assert name == "考核指标-2026-11-20-2026-11-24.csv"
    assert "下达到升空" in csv.decode("utf-8-sig")
    page.get_by_test_id("kpis-drill").check()
    expect(page.get_by_test_id("kpis-page")).to_have_attribute("data-incidents", "0")
    page.get_by_test_id("lang-switch").click()
    expect(page.get_by_test_id("kpis-page")).to_contain_text("1 real ones not counted")
    assert page.complaints == []  # type: ignore[attr-defined]  # set in open_page


def test_the_fallback_sheet_is_one_click_away(plain: Browser, site: SiteProcess, tmp_path: Path) -> None:
    page = sign_in(plain, site, "diaodu", DESK)
    name, pdf = saved(page, "print-fallback", tmp_path)
    assert name.startswith("应急备份单-")
    assert "运行应急备份单" in text_of(pdf)
