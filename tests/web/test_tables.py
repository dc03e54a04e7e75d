#!/usr/bin/env python3
"""The page of the policy's tables in a real browser: dragged, typed, tried, replayed, taken, and taken back."""
import json
import pathlib
import sys
import unittest

import steered
from network import wait_for
from steered import WebTest
from test_api import PAYMENTS

TABLES = "/api/v1/policy/tables"
TRY = "document.querySelector('[data-figure=check]') !== null"


class Tables(WebTest):
    def begin_at_tables(self):
        self.start()
        self.wait_for_decisions(8)
        self.begin()
        self.enter()
        self.show("tables", "[data-edge=excellent]")
        self.file = pathlib.Path(self.host.folder) / "state" / "tables.yaml"

    def edge(self, tier):
        return self.browser.value(code=f"document.querySelector('[data-edge={tier}]').getAttribute('aria-valuetext')")

    def row(self, tier):
        return self.browser.value(code=f"[...document.querySelectorAll('[data-tier={tier}] input')].map(one => one.type === 'checkbox' ? one.checked : one.value)")

    def focus(self, at):
        self.browser.value(code=f"document.querySelector({json.dumps(at)}).focus()")

    def said(self):
        return self.get(TABLES, self.token).json()

    def test_edges_are_moved_by_keys_and_by_the_pointer(self):
        self.begin_at_tables()
        rows = next(one for one in self.said()["tables"] if one["name"] == "default")["rows"]
        self.assertEqual(self.browser.value(code="[...document.querySelectorAll('[data-tier]')].map(one => one.dataset.tier)"), [row["tier"] for row in rows])
        self.assertEqual(self.edge("excellent"), "above 95 %")
        self.focus("[data-edge=excellent]")
        for key, wanted in (("ArrowRight", "above 95.1 %"), ("ArrowLeft", "above 95 %"), ("PageUp", "above 96 %"), ("Home", "above 80 %"), ("End", "above 99.9999 %"),
                            ("PageDown", "above 98.9999 %")):
            self.browser.press(key=key)
            self.browser.until(code=f"document.querySelector('[data-edge=excellent]').getAttribute('aria-valuetext') === {json.dumps(wanted)}")
        self.browser.click(at="button[name=discard]")
        self.browser.until(code="document.querySelector('[data-edge=excellent]').getAttribute('aria-valuetext') === 'above 95 %'")
        # From 95 % to 90 % by the pointer, and no further than the next edge.
        box = self.browser.value(code="(({left, width, top}) => ({left, width, top}))(document.querySelector('.picture').getBoundingClientRect())")

        def at(percent):
            return {"x": box["left"] + box["width"] * percent / 100, "y": box["top"] + 60}
        self.browser.drag(points=[at(95), at(93), at(90)])
        self.assertEqual(self.edge("excellent"), "above 90 %")
        self.browser.drag(points=[at(90), at(50)])
        self.assertEqual(self.edge("excellent"), "above 80 %")
        self.assertEqual(self.row("excellent")[1], "80")
        self.assertFalse(self.file.exists())
        self.assert_quiet()

    def test_a_draft_is_tried_replayed_taken_and_taken_back(self):
        self.begin_at_tables()
        self.browser.fill(at="[data-tier=excellent] input[name=multiplier]", text="0.1")
        self.browser.wait(at="tr.finding")
        self.assertIn("pays less per minute", self.text("tr.finding"))
        self.assertEqual(self.browser.value(code="document.querySelector('button[name=take]').disabled"), True)
        self.browser.fill(at="[data-tier=excellent] input[name=multiplier]", text="1.050000")
        self.browser.gone(at="tr.finding")
        self.browser.wait(at="[data-figure=check]")
        self.browser.fill(at="[data-tier=good] input[name=edge]", text="80.0001")
        self.browser.until(code="document.querySelector('[data-figure=check]') === null")
        self.browser.wait(at="[data-figure=check]")
        text = self.figure("check")
        self.assertIn("largest possible spend", text)
        self.browser.click(at="button:has-text('Replay the last 7 days')")
        self.browser.wait(at="[data-figure=replay]")
        ids = sorted(self.browser.value(code="[...document.querySelectorAll('[data-changed]')].map(one => one.dataset.changed)"))
        self.assertEqual(ids, sorted({one["orchestrator"] for one in self.get(f"{PAYMENTS}?limit=50", self.token).json()["payments"]})[:5])
        self.assertRegex(self.figure("replay"), r"^Last 7 days: [0-9.]+( to [0-9.]+)? USD instead of [0-9.]+; \d+ orchestrators would change\.$")
        self.browser.fill(at="input[name=reason]", text="<b>less</b>")
        self.browser.click(at="button[name=take]")
        self.browser.wait(at="[data-figure=outcome]")
        self.assertIn("1.05", self.file.read_text())
        now = self.said()
        self.assertEqual(now["version"], now["version_in_force"])
        self.browser.until(code=f"document.querySelector('[data-figure=version]').innerText === {json.dumps(now['version'][:12])}")
        excellent = next(one for one in now["tables"] if one["name"] == "default")["rows"][0]
        self.assertEqual((excellent["multiplier"], now["tables"][0]["origin"]), ("1.050000", "file"))
        wait_for(lambda: self.get(f"{PAYMENTS}?limit=1", self.token).json()["payments"][0]["multiplier"] == "1.05", "a decision by the new table")
        self.browser.click(at="button[name=undo]")
        self.browser.until(code="document.querySelector('[data-tier=excellent] input[name=multiplier]').value === '1.2'")
        wait_for(lambda: self.get(f"{PAYMENTS}?limit=1", self.token).json()["payments"][0]["multiplier"] == "1.2", "a decision by the former table")
        self.assertTrue(self.host.verified())
        self.assert_quiet()

    def test_a_table_is_copied_under_another_name(self):
        self.begin_at_tables()
        self.browser.fill(at="input[name=copy]", text="flat-95")
        self.browser.click(at="button[name=copy_table]")
        self.browser.until(code="document.querySelector('form[aria-label=copy] .problem')?.innerText === 'there is a table flat-95 already'")
        self.browser.fill(at="input[name=copy]", text="at-night")
        self.browser.click(at="button[name=copy_table]")
        self.browser.until(code="document.querySelector('select[name=table]').value === 'at-night'")
        self.assertEqual(self.edge("excellent"), "above 95 %")
        self.browser.fill(at="[data-tier=excellent] input[name=multiplier]", text="1.1")
        self.browser.wait(at="[data-figure=check]")
        self.browser.click(at="button:has-text('Replay the last 7 days')")
        self.browser.wait(at="[data-figure=replay]")
        self.assertIn("nothing would change", self.figure("replay"))  # it is used by none
        self.browser.fill(at="input[name=reason]", text="a table for the night")
        self.browser.click(at="button[name=take]")
        self.browser.wait(at="[data-figure=outcome]")
        said = {one["name"]: one for one in self.said()["tables"]}
        self.assertEqual((said["at-night"]["origin"], said["at-night"]["rows"][0]["multiplier"]), ("file", "1.1"))
        self.assertEqual([row["tier"] for row in said["at-night"]["rows"]], [row["tier"] for row in said["default"]["rows"]])
        self.assertEqual((said["default"]["origin"], said["default"]["rows"][0]["multiplier"]), ("plugin", "1.2"))
        self.assert_quiet()

    def test_a_viewer_sees_the_tables_and_changes_nothing(self):
        self.start()
        self.wait_for_decisions(4)
        code, out, err = self.host.run("user", "add", "view@example.com", "--role", "viewer", "--generate", "--json")
        self.assertEqual(code, 0, err)
        self.begin()
        self.enter("view@example.com", json.loads(out)["password"])
        self.show("tables", "[data-tier=excellent]")
        self.assertEqual(self.browser.value(code="document.querySelectorAll('main input, main button, main [role=slider]').length"), 0)
        self.assertIn("× 1.2", self.text("[data-tier=excellent]"))
        self.assert_quiet()

    def test_no_finding_of_axe_in_light_and_dark(self):
        self.begin_at_tables()
        self.browser.fill(at="[data-tier=excellent] input[name=multiplier]", text="1.1")
        self.browser.wait(at="[data-figure=check]")
        self.browser.click(at="button:has-text('Replay the last 7 days')")
        self.browser.wait(at="[data-figure=replay]")
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme=scheme)
            for width in (375, 768, 1600):
                self.browser.size(width=width, height=1000)
                with self.subTest(scheme=scheme, width=width):
                    self.assertEqual(self.browser.axe(), [])
                    self.assertEqual(self.browser.value(code="document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
                self.browser.value(code="scrollTo(0, 0)")
                self.shot(f"tables-{scheme}-{width}")
        self.assert_quiet()


if __name__ == "__main__":
    steered.need_browser()
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
