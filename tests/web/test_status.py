#!/usr/bin/env python3
"""The status page in a real browser: readable without a login, at each size and in both schemes, and safe whatever its names are."""
import json
import unittest

import steered
from steered import WebTest
from test_dashboard import SCRIPT
from test_status_page import write_days

WIDTHS = (375, 1600)


def uptime_text(ppm):
    """Two decimals at most, rounded down."""
    if ppm is None:
        return "no data"
    text = f"{ppm // 10_000}.{ppm // 100 % 100:02}"
    return text.rstrip("0").rstrip(".") + " %"


class Status(WebTest):
    def configure(self, *services, title=SCRIPT):
        self.host.edit("\nlisten:\n", "\nstatus: " + json.dumps({"enabled": True, "title": title, "show": services}) + "\nlisten:\n")

    def begin_hostile(self):
        """Names that are scripts, and long ones."""
        self.configure({"name": "all", "as": SCRIPT, "group": SCRIPT, "orchestrators": ["*"]},
                       {"name": "long", "as": "A name that is long enough to be broken " + "x" * 80, "group": SCRIPT, "orchestrators": ["*"]},
                       {"name": "alone", "orchestrators": ["*"]})
        self.start()
        self.wait_for_decisions(4)

    def start(self):
        super().start()
        self.page = f"http://{self.address}/status"

    def open(self):
        self.browser.begin(patience=steered.PATIENCE * 1000)
        self.browser.goto(url=self.page)
        self.browser.wait(at="article")

    def test_it_says_what_its_json_says_and_runs_no_script(self):
        self.begin_hostile()
        self.open()
        said = self.get("/status.json").json()
        self.assertEqual(self.text("h1"), SCRIPT)
        self.assertEqual(self.browser.value(code="document.querySelectorAll('script').length"), 0)
        self.assertEqual(self.browser.value(code="[...document.querySelectorAll('article')].map(one => [one.dataset.service, "
                                                 "one.querySelector('.state').innerText])"),
                         [[one["name"], one["state"]] for one in said["services"]])
        figures = self.browser.value(code="[...document.querySelectorAll('article')].map(one => [...one.querySelectorAll('dd:not(.note)')].map(at => at.innerText))")
        self.assertEqual(figures, [[uptime_text(span["uptime_ppm"]) for span in one["uptime"]] for one in said["services"]])
        self.assertEqual(self.browser.value(code="[...document.querySelectorAll('article')].map(one => one.querySelectorAll('.history g').length)"),
                         [len(one["days"]) for one in said["services"]])
        # Of 90 days only the last one was measured, and at least in part it is drawn as up.
        self.assertEqual(self.browser.value(code="document.querySelectorAll('article[data-service=all] .history rect.up').length"), 1)
        self.assertEqual(self.browser.value(code="document.cookie"), "")
        self.assert_quiet()
        self.browser.click(at="a")
        self.assertEqual(json.loads(self.browser.value(code="document.body.innerText")), said)
        self.assert_quiet("/favicon.ico")  # which a browser asks for beside what has no page

    def test_the_badge_is_a_picture(self):
        self.begin_hostile()
        self.browser.begin(patience=steered.PATIENCE * 1000)
        self.browser.goto(url=f"{self.page}/badge/all.svg?days=90")
        self.assertIn(SCRIPT, self.browser.value(code="document.querySelector('title').textContent"))
        self.assertEqual(self.browser.value(code="document.querySelectorAll('script, img').length"), 0)
        # Each text is within its own part.
        boxes = self.browser.value(code="[...document.querySelectorAll('text, g rect')].map(one => { const at = one.getBBox(); return [at.x, at.x + at.width]; })")
        self.assertEqual(len(boxes), 4)
        for (left, right), (begin, end) in zip(boxes[:2], boxes[2:]):
            self.assertLess(left, begin)
            self.assertGreater(right, end)
        self.assert_quiet()

    def test_no_page_frames_it(self):
        self.begin_hostile()
        headers = self.get("/status").headers
        self.assertEqual(headers["X-Frame-Options"], "DENY")
        self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertNotIn("unsafe", headers["Content-Security-Policy"])

    def test_no_finding_of_axe_in_light_and_dark(self):
        self.begin_hostile()
        self.open()
        self.look_at("status")

    def test_failures_and_days_without_data_are_drawn_as_what_they_are(self):
        super().start()
        self.wait_for_decisions(4)
        self.host.stop()
        id = write_days(self.host.folder)
        self.configure({"name": "east", "as": "Europe, east", "group": "Europe", "orchestrators": [id]},
                       {"name": "west", "as": "Europe, west", "group": "Europe", "orchestrators": [next(
                           one["orchestrator"] for one in self.host.decisions() if one["orchestrator"] != id)]}, title="Our services")
        self.start()
        self.open()
        said = self.get("/status.json").json()["services"][0]
        self.browser.click(at="summary")
        self.assertEqual(self.browser.value(code="document.querySelectorAll('[data-service=east] li').length"), len(said["incidents"]))
        drawn = self.browser.value(code="[...document.querySelectorAll('[data-service=east] .history g')].map(day => "
                                        "[...day.querySelectorAll('rect')].map(one => one.getAttribute('class')))")
        for day, kinds in zip(said["days"], drawn, strict=True):
            if not day["watched"]:
                self.assertEqual(kinds, ["none"])
                continue
            self.assertEqual("down" in kinds, day["down_ppm"] > 0)
            self.assertEqual(bool({"up", "degraded"} & set(kinds)), day["up_ppm"] > 0)
            self.assertEqual("unknown" in kinds, day["up_ppm"] + day["down_ppm"] < 999_999)
        self.assertGreater(sum("down" in kinds for kinds in drawn), 2)
        self.look_at("status-failures")

    def look_at(self, name):
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme=scheme)
            for width in WIDTHS:
                self.browser.size(width=width, height=1000)
                with self.subTest(page=name, scheme=scheme, width=width):
                    self.assertEqual(self.browser.axe(), [])
                    self.assertEqual(self.browser.value(code="document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
                self.shot(f"{name}-{scheme}-{width}")
        self.assert_quiet()


if __name__ == "__main__":
    steered.need_browser()
    unittest.main()
