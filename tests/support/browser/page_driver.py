"""A driver of the page in Chromium: opens it, and reads its state and the screen."""

from __future__ import annotations

import io
import os
import shutil
from collections import Counter
from typing import Any, NamedTuple
from urllib.parse import quote

from PIL import Image, ImageChops
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Frame,
    JSHandle,
    Locator,
    Page,
    Playwright,
    Request,
)

from tests.support.browser.colours import Range, Rgb
from tests.support.browser.servers import Server
from tests.support.paths import ROOT

SCREENSHOTS = ROOT / "tests" / "browser" / "screenshots"
IFRAME = "iframe[src*='plugin_entry.html?name=nnviz']"
WIDE = {"width": 1440, "height": 860}
NARROW = {"width": 1000, "height": 800}
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
#: Popups of the address bar: two pages in each window that keep a core busy for more than a second.
_POPUPS = "WebUIOmniboxPopup WebUIOmniboxAimPopup"
#: Features that Playwright turns off. Chromium uses the last list of features only, so they are repeated here.
_PLAYWRIGHTS = (
    "AimEnabled AvoidCorsURLLoaderRestartOnRedirect AvoidUnnecessaryBeforeUnloadCheckSync DestroyProfileOnBrowserClose "
    "HttpsFirstBalancedModeAutoEnable HttpsUpgrades LensOverlay MediaRouter NetworkTimeServiceQuerying "
    "OptimizationHints PaintHolding PreconnectToSearch TcpPortRandomizationWin ThirdPartyStoragePartitioning"
)
_ARGUMENTS = [
    f"--disable-features={','.join([*_PLAYWRIGHTS.split(), *_POPUPS.split()])}",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    # The page needs no WebGL, and an emulated GPU delays each frame by 100 ms and more.
    "--disable-gpu",
    "--force-color-profile=srgb",
]
_CSP_LISTENER = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP violation: ${event.violatedDirective} ${event.blockedURI}`));
"""


def launch(playwright: Playwright) -> Browser:
    """Start Chromium from NNVIZ_CHROMIUM, from the path, or the one of Playwright."""
    found = os.environ.get("NNVIZ_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    return playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)


class Complaint(NamedTuple):
    """One error or warning of a page."""

    text: str
    url: str  # of the script that logged it, or of the file that could not be loaded

    def __str__(self) -> str:
        return f"{self.text} ({self.url})"


class Guard:
    """Collects errors, CSP violations, and warnings of nnviz's own files.

    A static file of TensorBoard that its own page cannot load does not count: below a path prefix
    TensorBoard asks for its fonts at the root of the server, which answers 404.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[Complaint] = []
        self.allowed: list[str] = []
        self._host_files: set[str] = set()  # URLs that TensorBoard's own page asks for
        context.add_init_script(_CSP_LISTENER)
        context.on("console", self._on_console)
        context.on("request", self._on_request)
        context.on("weberror", lambda error: self.complaints.append(Complaint(f"page error: {error.error}", "")))

    def _on_console(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        if message.type == "error" or (message.type == "warning" and "/plugin/nnviz/" in url):
            self.complaints.append(Complaint(f"{message.type}: {message.text}", url))

    def _on_request(self, request: Request) -> None:
        # A script's URL is also that of the errors which it logs. Every route that answers with data, nnviz's own
        # among them, has /data/ in its path.
        is_file = request.resource_type not in ("document", "script") and "/data/" not in request.url
        if is_file and request.frame.parent_frame is None:
            self._host_files.add(request.url)

    def check(self) -> None:
        """Fail on each complaint since the last check that is neither allowed nor about TensorBoard's own files."""
        complaints, self.complaints = self.complaints, []
        own = [str(complaint) for complaint in complaints if complaint.url not in self._host_files]
        bad = [text for text in own if not any(part in text for part in self.allowed)]
        assert not bad, "\n".join(bad)


class Picture:
    """A screenshot, indexed in the coordinates of nnviz's frame."""

    def __init__(self, png: bytes, left: float, top: float) -> None:
        self.image = Image.open(io.BytesIO(png)).convert("RGB")
        self._left, self._top = round(left), round(top)

    def at(self, x: float, y: float) -> Rgb:
        """Return the colour of one pixel."""
        red, green, blue = self.image.getpixel((int(x) + self._left, int(y) + self._top))
        return red, green, blue

    def centre(self, box: dict[str, float]) -> Rgb:
        """Return the colour in the middle of a rectangle."""
        return self.at(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def colours(self, box: dict[str, float]) -> Counter[Rgb]:
        """Count the pixels of each colour in a rectangle without its edge."""
        columns = range(round(box["x"]) + 1, round(box["x"] + box["width"]) - 1)
        rows = range(round(box["y"]) + 1, round(box["y"] + box["height"]) - 1)
        return Counter(self.at(x, y) for x in columns for y in rows)


def largest_difference(one: bytes, other: bytes) -> int:
    """Return the largest difference of two screenshots in any channel of any pixel, 255 if their sizes differ.

    A part that is painted alone may be a level brighter or darker than the same part painted with the rest.
    """
    a, b = (Image.open(io.BytesIO(png)).convert("RGB") for png in (one, other))
    if a.size != b.size:
        return 255
    return max(high for _, high in ImageChops.difference(a, b).getextrema())


class View:
    """nnviz's page within TensorBoard."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server

    def open(self, **keys: str) -> View:
        """Load TensorBoard at nnviz's tab with these keys in the address. In an open page only the hash changes."""
        hash_ = "#nnviz" + "".join(f"&p.nnviz.{key}={quote(value, safe='')}" for key, value in keys.items())
        self.page.goto(self.server.url + hash_)
        self.page.mouse.move(0, 0)
        return self.settle()

    @property
    def frame(self) -> Frame:
        frame = self.page.wait_for_selector(IFRAME, state="attached").content_frame()
        assert frame
        return frame

    def reload(self) -> View:
        """Press TensorBoard's reload button without taking the focus, and wait until the reload is done."""
        before = self.frame.evaluate("() => __nnviz.reloads().begun")
        self.reload_button().evaluate("(it) => it.click()")
        self.until("__nnviz.reloads().done > it", before)
        return self.settle()

    def settle(self) -> View:
        """Wait until all queries are answered and drawn."""
        drawn = "#tab-panel > :not([aria-busy=true]):not(:has([aria-busy=true]))"
        strip = "section.health[aria-busy=true]"
        idle = f"!__nnviz.state().loading && !document.querySelector({strip!r})"
        self.until(f"{idle} && document.querySelector({drawn!r})")
        self.frame.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self

    def until(self, condition: str, argument: Any = None) -> None:
        """Wait until a JavaScript condition in the frame is true. It can read ``argument`` as `it`."""
        ready = "window.__nnviz && document.querySelector('#nnviz')"
        self.frame.wait_for_function(f"(it) => {ready} && ({condition})", arg=argument)

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.frame.evaluate("() => __nnviz.state()")
        return state

    def cell(self, run: str, row: str, step: int) -> dict[str, Any]:
        """Return the page's state of a cell."""
        cell: dict[str, Any] = self.frame.evaluate("(it) => __nnviz.cellState(...it)", [run, row, step])
        assert cell, (run, row, step)
        return cell

    def rect(self, run: str, row: str, step: int) -> dict[str, float]:
        """Return the rectangle of a cell in the frame's pixels."""
        rect: dict[str, float] = self.frame.evaluate("(it) => __nnviz.cellRect(...it)", [run, row, step])
        assert rect, (run, row, step)
        return rect

    def cells(self, run: str, places: list[tuple[str, int]]) -> list[tuple[dict[str, Any], dict[str, float]]]:
        """Return `cell` and `rect` of many cells with one request."""
        ask = "([run, places]) => places.map((it) => [__nnviz.cellState(run, ...it), __nnviz.cellRect(run, ...it)])"
        return [(cell, rect) for cell, rect in self.frame.evaluate(ask, [run, places])]

    def picture(self) -> Picture:
        left, top = self._corner()
        return Picture(self.page.screenshot(animations="disabled"), left, top)

    def save(self, name: str) -> None:
        """Save a screenshot for people to look at."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    def _corner(self) -> tuple[float, float]:
        box = self.page.locator(IFRAME).bounding_box()
        assert box
        return box["x"], box["y"]

    def get(self, testid: str) -> Locator:
        return self.page.frame_locator(IFRAME).get_by_test_id(testid)

    def find(self, selector: str) -> Locator:
        return self.page.frame_locator(IFRAME).locator(selector)

    def record(self, testid: str) -> JSHandle:
        """Return a handle of a list of all texts that an element has from now on.

        An element that changes by itself may have an expected text for a short time only.
        """
        return self.get(testid).evaluate_handle(
            """(it) => {
              const texts = [it.textContent];
              new MutationObserver(() => {
                if (it.textContent !== texts.at(-1)) texts.push(it.textContent);
              }).observe(it, { childList: true, characterData: true, subtree: true });
              return texts;
            }"""
        )

    def hover(self, run: str, row: str, step: int) -> Locator:
        """Point at a cell, and return the tooltip."""
        self.page.mouse.move(*self._centre(run, row, step))
        return self.get("tooltip")

    def click(self, run: str, row: str, step: int) -> None:
        self.page.mouse.click(*self._centre(run, row, step))

    def _centre(self, run: str, row: str, step: int) -> tuple[float, float]:
        left, top = self._corner()
        box = self.rect(run, row, step)
        return left + box["x"] + box["width"] / 2, top + box["y"] + box["height"] / 2

    def range(self) -> Range:
        """Return the ends of the scale as displayed in the legend."""
        ends = self.find("[data-testid=legend] .ends > span").all_inner_texts()
        return Range(float(ends[0]), float(ends[-1]), log=self.get("scale-log").get_attribute("aria-pressed") == "true")

    def readout(self) -> dict[str, str]:
        """Return the displayed value at the cursor by run."""
        lines = self.get("readout").locator("li")
        return {line.locator(".name").inner_text(): line.locator(".value").inner_text() for line in lines.all()}

    def reload_button(self) -> Locator:
        """Return TensorBoard's reload button."""
        return self.page.locator("button.reload-button")

    def choose_theme(self, name: str) -> None:
        """Choose light or dark in TensorBoard's menu."""
        self.page.get_by_label("Menu for changing light or dark theme").click()
        self.page.get_by_role("menuitem", name=name).or_(self.page.get_by_role("menuitemradio", name=name)).click()
        self.until("__nnviz.state().dark === it", name == "Dark")
