"""A real Chromium beside a host: what tests of the web page begin with."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from packages import PROJECT, SKIPPED, needed

sys.path.insert(0, str(PROJECT / "tests" / "integration" / "host"))
import test_registry  # noqa: E402
from network import PATIENCE, wait_for  # noqa: E402
from ports import free_address  # noqa: E402
from test_api import ADMIN, PASSWORD  # noqa: E402

WIDTHS = (375, 768, 1600)
PACKAGES = PROJECT / "build" / "browser"  # by ./dev


def need_browser():
    """Ends the run as skipped where there is no browser, or no npm that could have installed what steers it."""
    chromium = shutil.which("chromium")
    for name, found in (("chromium", chromium), ("npm", shutil.which("npm"))):
        if found is None:
            print("skipped: " + needed.missing(name))
            sys.exit(SKIPPED)
    for name in ("playwright-core", "axe-core"):
        if not (PACKAGES / "node_modules" / name).is_dir():
            raise SystemExit(f"{PACKAGES}: no {name}; ./dev test installs it")
    return chromium


class Browser:
    def __init__(self):
        self.process = subprocess.Popen(["node", pathlib.Path(__file__).with_name("browser.mjs"), PACKAGES, need_browser()],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __getattr__(self, call):
        def ask(**rest):
            self.process.stdin.write(json.dumps({"call": call, **rest}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"the browser ended at {call}")
            answer = json.loads(line)
            if "error" in answer:
                raise AssertionError(answer["error"])
            return answer["value"]
        return ask

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


class Page:
    """What a test does with the page at `self.page` in `self.browser`."""

    def open_browser(self):
        self.browser = Browser()
        self.addCleanup(self.browser.end)

    def begin(self, **options):
        self.browser.begin(patience=PATIENCE * 1000, **options)
        self.browser.goto(url=self.page)
        self.browser.wait(at="input[name=name]")

    def enter(self, name=ADMIN, secret=PASSWORD, own=False):
        if own:
            self.browser.click(at="label:has-text('an orchestrator')")
        self.browser.fill(at="input[name=name]", text=name)
        self.browser.fill(at="input[name=secret]", text=secret)
        self.browser.press(key="Enter")
        self.browser.wait(at="[data-stream=live]")

    def show(self, address, at):
        self.browser.goto(url=f"{self.page}#/{address}")
        self.browser.wait(at=at)

    def text(self, at):
        """The text of the first element that the selector finds; None: there is none."""
        return self.browser.value(code=f"document.querySelector({json.dumps(at)})?.innerText.trim() ?? null")

    def figure(self, name):
        return self.text(f"[data-figure={name}]")

    def wait_same(self, shown, said, what):
        """Waits until the page shows what the API says both before and after the page was read."""
        last = []

        def same():
            before, now, after = said(), shown(), said()
            last[:] = [now, after]
            return before == now == after
        try:
            wait_for(same, what)
        except AssertionError as error:
            raise AssertionError(f"{error}: shown and said at last: {last}") from error

    def assert_quiet(self, *allowed):
        """No error of the page: no exception, no refused content, no request elsewhere. What a browser says of an answer
        with 401 to the question for a session is none."""
        said = [one for one in self.browser.said()
                if not ("401" in one and "/api/v1/auth/session" in one) and not any(text in one for text in allowed)]
        self.assertEqual(said, [])

    def look(self, name=None):
        """No finding of axe and nothing beyond the right edge, in light and dark, at each width; with a name, a picture."""
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme=scheme)
            for width in WIDTHS:
                self.browser.size(width=width, height=1000 if width == 1600 else 900)
                with self.subTest(page=name, scheme=scheme, width=width):
                    self.assertEqual(self.browser.axe(), [])
                    self.assertEqual(self.browser.value(code="document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
                if name:
                    self.shot(f"{name}-{scheme}-{width}")

    def shot(self, name):
        folder = os.environ.get("STIPEND_SHOTS")
        if folder:
            self.browser.shot(file=f"{folder}/{name}.png")


class WebTest(Page, test_registry.RegistryTest):
    orchestrators = 4
    interval = 3

    def setUp(self):
        super().setUp()
        self.host.environment.update(PAYMENT_INTERVAL_SECONDS=str(self.interval), API_LISTEN=free_address())
        self.spread()
        self.open_browser()

    def start(self):
        super().start()
        self.page = f"http://{self.address}/ui/"
