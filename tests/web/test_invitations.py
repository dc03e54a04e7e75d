#!/usr/bin/env python3
"""Invitations on the web page, in a real browser beside a real host."""
import json
import sys
import unittest

import steered
from network import wait_for
from steered import WebTest
from test_api import LIST

INVITATIONS = LIST + "/invitations"


class Invitations(WebTest):
    def said(self):
        return self.get(INVITATIONS, self.token).json()["invitations"]

    def rows(self):
        return self.browser.value(code="[...document.querySelectorAll('[data-invitation]')].map(row => "
                                       "[row.dataset.invitation, ...[...row.cells].slice(1, 8).map(cell => cell.innerText.trim())])")

    def expected(self):
        return [[one["id"], one["state"], one["id"], one["expires_at"][:19].replace("T", " "), "–", "yes" if one["approve"] else "no",
                 one["used_by"] or "–", one["made_by"]] for one in self.said()]

    def open(self):
        self.browser.click(at="button:has-text('Invite an orchestrator')")
        self.browser.wait(at="dialog input[name=expires_in]")

    def test_one_is_made_shown_once_and_revoked(self):
        self.start()
        self.wait_for_decisions(2)
        self.begin()
        self.enter()
        self.show("orchestrators", "[data-row]")
        self.open()
        self.browser.fill(at="input[name=expires_in]", text="2h")
        self.browser.click(at="input[name=approve]")
        self.browser.click(at="button:has-text('Make the invitation')")
        self.browser.wait(at="[data-figure=token]")
        token = self.figure("token")
        self.assertRegex(token, r"^sti_[0-9a-f]{16}_[0-9a-f]{80}$")
        one, = self.said()
        self.assertEqual((one["id"], one["state"], one["approve"]), (token[4:20], "open", True))
        origin = self.browser.value(code="location.origin")
        self.assertEqual(one["manager_url"], origin)
        self.assertEqual(self.figure("command"), f"stipend worker join {origin} --token-file FILE")
        wait_for(lambda: len(self.rows()) == 1, "the list")
        self.assertEqual([[cell for at, cell in enumerate(row) if at != 3] for row in self.rows()],
                         [[cell for at, cell in enumerate(row) if at != 3] for row in self.expected()])
        # Its holder reads what it grants.
        held = self.get(LIST + "/invitation", token)
        self.assertEqual((held.status, held.json()["state"]), (200, "open"))
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme=scheme)
            for width in (375, 1600):
                self.browser.size(width=width, height=900)
                with self.subTest(scheme=scheme, width=width):
                    self.assertEqual(self.browser.axe(), [])
                    self.assertEqual(self.browser.value(
                        code="document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
                self.shot(f"invitations-{scheme}-{width}")
        self.browser.click(at=f"button[aria-label='Revoke {one['id']}']")
        wait_for(lambda: [row[1] for row in self.rows()] == ["revoked"], "a revoked one")
        self.assertEqual([each["state"] for each in self.said()], ["revoked"])
        # It is not shown again.
        self.browser.click(at="dialog button:text-is('Close')")
        self.open()
        wait_for(lambda: len(self.rows()) == 1, "the list")
        self.assertNotIn(token, self.browser.value(code="document.body.innerText"))
        self.assertFalse(self.host.said(token))
        self.assert_quiet()

    def test_a_wrong_one_is_refused_in_words_and_a_viewer_is_offered_none(self):
        self.start()
        code, out, err = self.host.run("user", "add", "view@example.com", "--role", "viewer", "--generate", "--json")
        self.assertEqual(code, 0, err)
        self.begin()
        self.enter()
        self.show("orchestrators", "[data-row]")
        self.open()
        self.browser.fill(at="input[name=capability]", text="<img src=x onerror=alert(1)>")
        self.browser.click(at="button:has-text('Make the invitation')")
        self.browser.wait(at="dialog .problem")
        self.assertIn('"capability": got "<img src=x onerror=alert(1)>"', self.text("dialog .problem"))
        self.assertEqual(self.said(), [])
        self.assertEqual(self.browser.value(code="document.querySelectorAll('dialog img').length"), 0)
        self.assert_quiet("422")
        self.begin()
        self.enter("view@example.com", json.loads(out)["password"])
        self.show("orchestrators", "[data-row]")
        self.assertEqual(self.browser.value(code="[...document.querySelectorAll('button')].filter(one => "
                                                 "one.innerText.includes('Invite')).length"), 0)
        token = self.log_in("view@example.com", json.loads(out)["password"])["access_token"]
        self.assertEqual(self.get(INVITATIONS, token).status, 403)


if __name__ == "__main__":
    steered.need_browser()
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
