"""`record-processor console` in a real browser, with a real worker behind it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.end_to_end import browser, console_scene
from tests.end_to_end.console_scene import HOSTILE, SECRET, Console
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tests.end_to_end.console_scene import Scene
    from tests.harness import Database

    Another = Callable[..., Console]
    Open = Callable[..., Page]

VIEWS = ["overview", "shards", "actions", "letters", "tail"]
PATIENCE_MILLIS = 60_000
REASON = "stock-taking" if console_scene.IS_FOR_PICTURES else f"stock-taking {HOSTILE}"
PHONE: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1040, "height": 680}
# Where the documentation's pictures go, if they are to be made anew.
IMAGES = os.environ.get("CONSOLE_IMAGES")

expect.set_options(timeout=PATIENCE_MILLIS)


@pytest.fixture(scope="module")
def scene(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with console_scene.made(database, tmp_path_factory.mktemp("console")) as made:
        yield made


@pytest.fixture(scope="module")
def console(scene: Scene) -> Iterator[Console]:
    started = Console(scene.worker)
    yield started
    started.end()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser.chromium(), args=browser.ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def refused_requests() -> None:
    """Chromium says of each that it failed: a test that has one is not about what was said."""


@pytest.fixture
def another(scene: Scene) -> Iterator[Another]:
    """Start consoles with other options. They end after the pages: one that ends earlier is missed by them."""
    started: list[Console] = []

    def start(*arguments: str) -> Console:
        started.append(Console(scene.worker, *arguments))
        return started[-1]

    yield start
    assert [one.end() for one in started] == [0] * len(started)


@pytest.fixture
def at(chromium: Browser, console: Console, another: Another, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Open a view; at the end, nothing may have been said about it, and no text may have become code."""
    del another  # pages are closed before consoles end
    pages: list[Page] = []
    said: list[str] = []

    def open_view(view: str, of: Console = console, **options: Any) -> Page:
        page = chromium.new_context(viewport=options.pop("viewport", DESK), **options).new_page()
        page.set_default_timeout(PATIENCE_MILLIS)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(of.address) else said.append(asked.url))
        page.goto(f"{of.address}/#/{view}")
        page.wait_for_selector("main section")
        pages.append(page)
        return page

    yield open_view
    for page in pages:
        assert page.evaluate("window.hacked") is None
        assert "hacked" not in page.title()
        assert page.locator("img, main script").count() == 0
        page.context.close()
    assert said == [] or "refused_requests" in request.fixturenames


def picture(page: Page, name: str) -> None:
    if IMAGES is not None:
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=Path(IMAGES) / f"console-{name}.png")


def test_the_overview_shows_the_figures_the_workers_and_what_needs_somebody(at: Open, scene: Scene) -> None:
    page = at("overview")
    expect(page.get_by_role("heading", level=1)).to_have_text(scene.worker.application)
    cards = page.locator(".card")
    expect(cards.filter(has_text="Blocked")).to_contain_text("1 of 3")
    expect(cards.filter(has_text="Dead letters")).to_contain_text("2")
    expect(cards.filter(has_text="Records trimmed in")).to_contain_text("24 h")
    expect(page.get_by_role("alert").filter(has_text="charge")).to_contain_text(f"the card is declined {HOSTILE}")
    workers = page.locator("table").filter(has_text="Workers")
    expect(workers.get_by_role("row")).to_have_count(2)
    expect(workers).to_contain_text("leader")
    expect(page.get_by_role("img", name="Lag: now")).to_be_visible()
    expect(page.get_by_role("img", name="Records per second: now")).to_be_visible()
    picture(page, "overview")


def test_the_page_follows_what_happens_without_being_loaded_again(at: Open) -> None:
    page = at("overview")
    page.evaluate("window.stays = true")
    first = page.locator(".title .right").inner_text()
    expect(page.locator(".title .right")).not_to_have_text(first)
    assert page.evaluate("window.stays") is True


def test_shards_show_their_lineage_and_what_blocks_them(at: Open, scene: Scene) -> None:
    page = at("shards")
    bars = page.locator("svg.lineage a")
    expect(bars).to_have_count(4)
    expect(page.locator("svg.lineage .edge")).to_have_count(2)
    expect(page.locator("svg.lineage rect.ended")).to_have_count(1)
    expect(page.locator("svg.lineage rect.blocked.owner-0")).to_have_count(1)
    table = page.locator("table")
    expect(table).to_contain_text("3 of 4 shards")
    expect(table.locator(".notice")).to_contain_text(f"charge blocks record {blocked(scene)}: RuntimeError")
    expect(table.locator(".notice")).to_contain_text(HOSTILE)
    expect(table.locator("tbody").first).to_contain_text("✕ blocked")
    picture(page, "shards")

    page.get_by_label("with ended ones").check()
    expect(table).to_contain_text("4 of 4 shards")
    page.get_by_label("State").select_option("ended")
    expect(table.locator("tbody")).to_have_count(1)
    page.get_by_label("State").select_option("")
    bars.first.click()
    expect(table).to_contain_text("1 of 4 shards")
    page.get_by_label("Find").fill("blocked")
    expect(table.locator("tbody")).to_have_count(1)


def blocked(scene: Scene) -> str:
    number: str = scene.worker.of("delivery.blocked")[0]["sequence_number"]
    return number


def test_actions_show_what_they_did_and_what_they_block(at: Open, scene: Scene) -> None:
    page = at("actions")
    rows = page.locator("tbody")
    expect(rows).to_have_count(3)
    charge = rows.filter(has_text="charge")
    expect(charge).to_contain_text("blocks 1")
    expect(charge).to_contain_text(blocked(scene))
    expect(charge).to_contain_text(HOSTILE)
    expect(rows.filter(has_text="mail").locator("td[data-label='Dead letters']")).to_have_text("2")
    expect(rows.filter(has_text="audit").locator("td[data-label='Delivered']")).to_have_text(re.compile(r"[\d.]+/s"))
    picture(page, "actions")


def read_letters(page: Page) -> Any:
    page.get_by_role("button", name="Read").click()
    letters = page.locator(".item")
    expect(letters).to_have_count(2)
    return letters


def test_dead_letters_are_read_when_asked_and_their_values_are_hidden(at: Open) -> None:
    page = at("letters")
    letters = read_letters(page)
    expect(letters.first).to_contain_text(f"ValueError: no such address {HOSTILE}")
    letters.first.locator("summary").first.click()
    record = letters.first.locator("pre").last
    expect(record).to_contain_text('"Card"')
    expect(record).to_contain_text("•••")
    assert SECRET not in page.content()
    expect(letters.first.locator("pre").first).to_contain_text(HOSTILE)
    picture(page, "letters")
    page.get_by_label("Find").fill("nothing like it")
    expect(page.locator(".item")).to_have_count(0)


def test_values_are_shown_as_text_if_they_are_asked_for(at: Open, another: Another) -> None:
    console = another("--show-values")
    letters = read_letters(page := at("letters", console))
    letters.first.locator("summary").first.click()
    record = letters.first.locator("pre").last
    expect(record).to_contain_text(SECRET)
    expect(record).to_contain_text(json.dumps(HOSTILE))
    page.goto(f"{console.address}/#/tail")
    page.get_by_label("From").select_option("oldest")
    expect(page.locator(".item")).to_have_count(11)
    expect(page.locator(".item").filter(has_text="id=blocked-1")).to_have_count(1)


def test_the_tail_shows_records_as_they_are_written_and_tries_out_a_filter(at: Open, scene: Scene) -> None:
    page = at("tail")
    expect(page.get_by_text("Nothing yet")).to_be_visible()
    expect(page.get_by_text("read from 3 of 3 shards")).to_be_visible()
    scene.write("new-1")
    expect(page.locator(".item")).to_have_count(1)
    page.get_by_label("From").select_option("oldest")
    expect(page.locator(".item")).to_have_count(12)
    page.locator(".item summary").first.click()
    expect(page.locator(".item pre").first).to_contain_text('"Card"')
    assert SECRET not in page.content()
    page.locator(".item summary").first.click()

    written = page.get_by_role("textbox", name="Filter")
    written.fill("dynamodb: {Keys: {id: {S: [{prefix: order-}]}}}")
    written.press("Control+Enter")
    expect(page.get_by_text("8 of 12 match")).to_be_visible()
    picture(page, "tail")
    page.get_by_label("only what matches").check()
    expect(page.locator(".item")).to_have_count(8)


@pytest.mark.usefixtures("refused_requests")
def test_a_filter_that_is_none_is_said_at_once_and_the_text_stays(at: Open) -> None:
    page = at("tail")
    written = page.get_by_role("textbox", name="Filter")
    written.fill("eventName: <b>INSERT</b>")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("alert")).to_contain_text("eventName")
    expect(written).to_have_value("eventName: <b>INSERT</b>")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_fits_a_phone(at: Open, view: str) -> None:
    page = at(view, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(SMALL) == []


SMALL = """
() => [...document.querySelectorAll("main button, main select, nav a")]
  .filter((one) => one.offsetHeight < 32).map((one) => one.textContent)
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_text_can_be_read_in_the_light_and_in_the_dark(at: Open, view: str, scheme: Any) -> None:
    page = at(view, color_scheme=scheme)
    faint = page.evaluate(CONTRASTS)
    assert faint == []


# Texts whose contrast with what is behind them is less than WCAG's 4.5 (AA).
CONTRASTS = """
() => {
  const parts = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
  const light = (color) => parts(color).slice(0, 3).map((one) => one / 255)
    .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (parts(color).length < 4 || parts(color)[3] > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || one.closest("svg, noscript, .skip, select") || !one.offsetHeight) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`${one.className} ${one.textContent.slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return found;
}
"""


def test_everything_is_reached_with_the_keyboard(at: Open) -> None:
    page = at("overview")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    for name in ("Overview", "Shards"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=re.compile(f"^{name}"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("svg.lineage a").first).to_be_focused()
    page.get_by_label("Find").focus()
    page.keyboard.type("blo")
    expect(page.get_by_label("Find")).to_be_focused()
    # A look later it still has the focus, and what was typed.
    first = page.locator(".title .right").inner_text()
    expect(page.locator(".title .right")).not_to_have_text(first)
    expect(page.get_by_label("Find")).to_be_focused()
    expect(page.get_by_label("Find")).to_have_value("blo")


def test_a_console_that_was_not_told_otherwise_shows_no_orders(at: Open) -> None:
    for view in VIEWS:
        page = at(view)
        expect(page.get_by_role("button", name=re.compile("Pause|Skip|Reload|Replay"))).to_have_count(
            int(view == "tail")
        )


def carried_out(page: Page, button: str, reason: str | None = None, status: str = "is done") -> Any:
    """Fill in what an order asks for, give it, and wait for its outcome."""
    form = page.locator("form.order")
    if reason is not None:
        form.get_by_label("Reason").fill(reason)
    form.get_by_role("button", name=button).click()
    outcome = page.get_by_role("status").filter(has_text="record-processor ")
    expect(outcome).to_contain_text(status)
    return outcome


def test_whoever_has_the_token_pauses_resumes_reloads_replays_and_skips(
    at: Open, scene: Scene, another: Another
) -> None:
    console = another("--allow-actions")
    page = at("overview", console)
    expect(page.get_by_text("takes orders from pages that were opened with the address")).to_be_visible()
    expect(page.get_by_role("button", name="Pause everything")).to_have_count(0)

    page.goto(console.with_token())
    page.reload()  # the token stays in this tab
    assert "token" not in page.url
    page.get_by_role("button", name="Pause everything").click()
    page.get_by_role("button", name="Cancel").click()
    page.goto(f"{console.address}/#/actions")
    page.locator("tbody").filter(has_text="audit").get_by_role("button", name="Pause").click()
    outcome = carried_out(page, "Pause action audit", REASON)
    expect(outcome).to_contain_text("action audit is paused: confirmed by its worker")
    picture(page, "orders")
    (begun,) = scene.worker.of("pause.begun")
    assert begun["by"].endswith(" (console)")
    assert begun["reason"] == REASON
    page.goto(f"{console.address}/#/overview")
    expect(page.get_by_text("action audit is paused by")).to_contain_text("(console)")
    page.get_by_role("button", name="Resume").click()
    carried_out(page, "Resume action audit")
    expect(page.get_by_text("action audit is paused by")).to_have_count(0)

    page.get_by_role("button", name="Reload the actions").click()
    expect(carried_out(page, "Reload the actions", "a rehearsal")).to_contain_text("1 of 1 workers")

    page.goto(f"{console.address}/#/letters")
    letters = read_letters(page)
    letters.first.locator("summary").first.click()
    letters.first.get_by_role("button", name="Replay this letter").click()
    carried_out(page, "Replay this letter of mail", status="exit status 1")  # it fails again, and stays

    page.goto(f"{console.address}/#/shards")
    page.locator("table .notice").get_by_role("button", name="Skip the record").click()
    outcome = carried_out(page, "Skip a record", "a test card")
    expect(outcome).to_contain_text(f"charge has given up record {blocked(scene)}")
    left = page.locator("table .notice")
    expect(left).to_contain_text(re.compile(r"was skipped; its letter is in .*skipped/charge\.jsonl"))
    (skipped,) = scene.worker.of("record.skipped")
    assert (skipped["reason"], skipped["by"]) == ("a test card", begun["by"])
    wait_for(lambda: "exit status 0: record-processor skip" in console.said, "the console's log has it")
    assert "--reason=a test card" in console.said


@pytest.mark.usefixtures("refused_requests")
def test_a_wrong_token_is_said_and_changes_nothing(at: Open, scene: Scene, another: Another) -> None:
    console = another("--allow-actions")
    page = at("overview", console)
    page.goto(f"{console.address}/#token=wrong")
    before = len(scene.worker.of("pause.begun"))
    page.get_by_role("button", name="Pause everything").click()
    page.locator("form.order").get_by_role("button", name="Pause the whole application").click()
    expect(page.get_by_role("alert").filter(has_text="the token is missing or wrong")).to_be_visible()
    assert console.ask("/api/orders")["number"] == 0
    assert len(scene.worker.of("pause.begun")) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_orders_can_be_read_on_a_phone_in_the_light_and_in_the_dark(at: Open, another: Another, scheme: Any) -> None:
    console = another("--allow-actions")
    page = at("overview", console, viewport=PHONE, color_scheme=scheme)
    page.goto(console.with_token())
    page.get_by_role("button", name="Reload the actions").click()
    expect(page.locator("form.order").get_by_label("Reason")).to_be_focused()
    for view in VIEWS:
        page.goto(f"{console.address}/#/{view}")
        expect(page.locator("form.order")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(SMALL) == []
        assert page.evaluate(CONTRASTS) == []


@pytest.mark.usefixtures("refused_requests")
def test_a_console_that_is_gone_is_said_and_the_page_stays(at: Open, scene: Scene) -> None:
    console = Console(scene.worker)
    page = at("overview", console)
    assert console.end() == 0
    expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
    expect(page.locator(".card").filter(has_text="Blocked")).to_be_visible()
