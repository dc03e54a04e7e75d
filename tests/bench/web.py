"""The web page in Chromium, beside a host with many orchestrators: its first paint, its frames while it is scrolled, and
what it holds in memory after a while of events."""
import pathlib
import shutil
import statistics
import sys
import time

import api
from measure import Figure

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FRAMES = """(async () => {
  const grid = document.querySelector('[role=grid]');
  const out = [];
  const end = performance.now() + %d;
  let last = performance.now(), down = true;
  while (last < end) {
    await new Promise((next) => requestAnimationFrame(next));
    const now = performance.now();
    out.push(now - last);
    last = now;
    if (down && grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 1) down = false;
    if (!down && grid.scrollTop <= 0) down = true;
    grid.scrollTop += (down ? 1 : -1) * 240;
  }
  return out;
})()"""


def why_not():
    missing = [name for name in ("chromium", "node") if shutil.which(name) is None]
    if not missing and not (PROJECT / "build/browser/node_modules/playwright-core").is_dir():
        missing.append("playwright-core in build/browser, which ./dev test installs")
    return "no " + " and no ".join(missing) if missing else None


def first_paint_ms(browser, page):
    browser.begin(patience=60_000)
    browser.goto(url=page)
    browser.wait(at="input[name=name]")
    return browser.value(code="performance.getEntriesByName('first-contentful-paint')[0].startTime")


def held(browser, quick):
    """Bytes of the page's scripts: a list that is being read anew, once a minute, is there twice for a moment."""
    readings = []
    for _ in range(2 if quick else 5):
        readings.append(browser.heap())
        time.sleep(0.1 if quick else 10)
    return statistics.median(readings)


def figures(site):
    if why := why_not():
        print(f"  not measured: {why}", file=sys.stderr)
        return
    sys.path.insert(0, str(PROJECT / "tests/web"))
    from steered import Browser
    orchestrators, minutes = (100, 0.1) if site.quick else (10_000, 10)
    folder = pathlib.Path(site.folder("web"))
    # As many events a second as there are orchestrators in a fiftieth of their interval.
    with api.manager(site, folder, orchestrators, "50s", pages=True) as address:
        page = f"http://{address}/ui/"
        browser = Browser()
        try:
            paints = [first_paint_ms(browser, page) for _ in range(site.pairs)]
            yield Figure("first paint of the page on loopback", paints, ("<=", 1000), unit="ms")
            browser.fill(at="input[name=name]", text="admin@system.com")
            browser.fill(at="input[name=secret]", text=api.PASSWORD)
            browser.press(key="Enter")
            browser.wait(at="[data-stream=live]")
            browser.goto(url=page + "#/orchestrators")
            browser.until(code=f"document.querySelector('[data-figure=shown]')?.innerText.startsWith('{orchestrators} of ')")
            frames = [sorted(browser.value(code=FRAMES % (500 if site.quick else 5_000))) for _ in range(site.pairs)]
            yield Figure(f"frame of a scrolled table of {orchestrators:,}, {orchestrators // 50} events a second, 95th percentile",
                         [statistics.quantiles(one, n=100)[94] for one in frames], ("<=", 32), unit="ms",
                         note=f"median {statistics.median(statistics.median(one) for one in frames):.3g} ms")
            begun = held(browser, site.quick)
            time.sleep(60 * minutes)
            ended = held(browser, site.quick)
            yield Figure(f"memory of its scripts after {minutes:g} min of events / before", [ended / begun], ("<=", 1.1),
                         note=f"{ended / 2**20:.3g} MiB")
        finally:
            browser.end()
