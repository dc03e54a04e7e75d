"""Sessions of browsers on a running host: a cookie instead of a token, and what pages of other sites try with it."""
import hashlib
import http.client
import sqlite3
import unittest
import urllib.parse

import test_registry
from network import wait_for
from test_api import ADMIN, LIST, LOGIN, PASSWORD, PAYMENTS

SESSION = "/api/v1/auth/session"
ADJUST = "/api/v1/livepeer/adjustments"
NEW = test_registry.NEW


class Browser:
    """The cookie jar and the page of one user."""

    def __init__(self, test):
        self.test, self.cookie, self.token = test, None, None

    def log_in(self, body=None, **headers):
        body = body or {"email": ADMIN, "password": PASSWORD}
        answer = self.ask("POST", SESSION, body, **headers)
        self.test.assertEqual(answer.status, 200, answer.body)
        self.token = answer.json()["csrf_token"]
        return answer

    def ask(self, method, path, body=None, **headers):
        """As a page of the host sends it; a header that is None is left out."""
        sent = {"Cookie": self.cookie}
        if method != "GET":
            sent |= {"Origin": "http://" + self.test.address, "X-CSRF-Token": self.token}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.test.ask(method, path, body, **{name: value for name, value in sent.items() if value is not None})
        if set_cookie := answer.headers.get("Set-Cookie"):
            self.cookie = set_cookie.partition(";")[0]
        return answer


class Sessions(test_registry.RegistryTest):
    def begin(self):
        self.spread()
        self.start()
        self.browser = Browser(self)

    def adjustment(self, number=0):
        return {"orchestrator_id": self.host.decisions()[0]["orchestrator"], "from": f"2026-11-22T06:{number:02}:00Z",
                "to": f"2026-11-22T06:{number:02}:30Z", "reason": "a test", "amount_usd": "0"}

    def test_a_session_from_its_login_to_its_logout(self):
        self.begin()
        browser = self.browser
        answer = browser.log_in()
        cookie = answer.headers["Set-Cookie"]
        self.assertEqual(cookie, browser.cookie + "; Path=/; HttpOnly; SameSite=Strict")
        self.assertRegex(browser.cookie, r"^stipend_session=[0-9a-f]{64}$")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        session = answer.json()
        self.assertEqual((session["principal"], session["role"], session["orchestrator"]), (ADMIN, "admin", None))
        self.assertIn("payments:adjust", session["permissions"])
        self.assertIn(session["expires_in"], range(12 * 3600 - 60, 12 * 3600 + 1))
        self.assertNotIn(browser.cookie.partition("=")[2], answer.body.decode())

        shown = browser.ask("GET", SESSION)
        self.assertEqual(shown.status, 200, shown.body)
        self.assertEqual(shown.json() | {"expires_in": 0}, session | {"expires_in": 0})
        self.assertEqual(browser.ask("GET", LIST).status, 200)
        self.assertEqual(browser.ask("HEAD", LIST).status, 200)
        self.wait_for_decisions(1)
        answer = browser.ask("POST", ADJUST, self.adjustment())
        self.assertEqual(answer.status, 200, answer.body)
        self.assert_problem(self.get(SESSION, self.token), 401)  # a token is no session
        self.assert_problem(self.ask("DELETE", SESSION, token=self.token), 401)
        # Where there is Authorization, it alone counts.
        self.assert_problem(browser.ask("GET", LIST, Authorization="Bearer x.y.z"), 401)
        self.assert_problem(browser.ask("GET", LIST, Authorization="Basic eDp5"), 401)
        self.assert_problem(self.get(LIST, browser.cookie.partition("=")[2]), 401)

        stolen = browser.cookie
        second = Browser(self)
        second.log_in()
        ended = browser.ask("DELETE", SESSION)
        self.assertEqual(ended.status, 204, ended.body)
        self.assertEqual(ended.headers["Set-Cookie"], "stipend_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
        browser.cookie = stolen
        for path in (SESSION, LIST):
            self.assert_problem(browser.ask("GET", path), 401)
        self.assert_problem(browser.ask("POST", ADJUST, self.adjustment(1)), 401)
        self.assert_problem(browser.ask("DELETE", SESSION), 401)
        self.assertEqual(second.ask("GET", LIST).status, 200)  # another login
        self.assertEqual(second.ask("POST", "/api/v1/auth/logout").status, 204)
        self.assert_problem(second.ask("GET", LIST), 401)

        # A login in a browser that has a session ends that one.
        second.log_in()
        before = second.cookie
        second.log_in()
        self.assert_problem(self.get(LIST, Cookie=before), 401)
        with sqlite3.connect(f"file:{self.host.folder}/state/access.db?mode=ro", uri=True) as store:
            stored = [bytes(one) for (one,) in store.execute("SELECT hash FROM session")]
        self.assertEqual(stored, [hashlib.sha256(second.cookie.partition("=")[2].encode()).digest()])
        for file in (self.host.folder / "state").glob("access.db*"):
            self.assertNotIn(second.cookie.partition("=")[2].encode(), file.read_bytes())
        self.assertFalse(self.host.said(second.cookie.partition("=")[2]))

    def test_pages_of_other_sites_get_and_change_nothing(self):
        self.begin()
        browser = self.browser
        browser.log_in()
        self.wait_for_decisions(1)
        wrong = hashlib.sha256(b"guess").hexdigest()
        for number, headers in enumerate((
                {"X_CSRF_Token": None}, {"X_CSRF_Token": wrong}, {"X_CSRF_Token": browser.token[:-1]},
                {"Origin": None}, {"Origin": "null"}, {"Origin": "https://evil.example"},
                {"Origin": "http://" + self.address + "0"}, {"Origin": "https://" + self.address},
                {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
                {"Origin": None, "Sec_Fetch_Site": "cross-site"}, {"Origin": None, "Sec_Fetch_Site": "none"},
                {"Origin": "http://evil.example", "Host": "evil.example"})):
            with self.subTest(headers):
                self.assert_problem(browser.ask("POST", ADJUST, self.adjustment(number), **headers), 403)
        for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
                        {"Origin": "https://evil.example"}):
            with self.subTest(headers):
                for path in (LIST, SESSION, "/api/v1/events"):
                    answer = browser.ask("GET", path, **headers)
                    self.assert_problem(answer, 403)
                    self.assertFalse([name for name in answer.headers if name.lower().startswith("access-control-")])
        self.assert_problem(browser.ask("POST", SESSION, {"email": ADMIN, "password": PASSWORD},
                                        Origin="https://evil.example"), 403)
        # A form of another site sends no JSON.
        self.assert_problem(browser.ask("POST", SESSION, "email=a&password=b", Origin=None,
                                        Content_Type="application/x-www-form-urlencoded"), 415)
        self.assertEqual(browser.ask("POST", ADJUST, self.adjustment(30), Origin=None, Sec_Fetch_Site="same-origin").status,
                         200)
        for path in (SESSION, LIST, "/healthz", "/api/v1/docs", "/none"):
            answer = browser.ask("GET", path)
            self.assertEqual(answer.headers["X-Frame-Options"], "DENY")
            self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(answer.headers["Cross-Origin-Resource-Policy"], "same-origin")
        self.assertIn("frame-ancestors 'none'", browser.ask("GET", "/api/v1/docs").headers["Content-Security-Policy"])
        # Two cookies of the name: one of them is another site's.
        self.assert_problem(browser.ask("GET", LIST, Cookie=browser.cookie + "; " + browser.cookie), 401)

    def test_a_wrong_password_is_refused_and_throttled_as_at_a_login(self):
        self.begin()
        statuses = []
        for body in [{"email": ADMIN, "password": "wrong password"}, {"email": "x@y.example", "password": PASSWORD}]:
            answer = self.browser.ask("POST", SESSION, body)
            detail = self.assert_problem(answer, 401)
            self.assertEqual(detail, self.assert_problem(self.ask("POST", LOGIN, body), 401))
            self.assertNotIn("Set-Cookie", answer.headers)
        for _ in range(6):
            statuses.append(self.browser.ask("POST", SESSION, {"email": ADMIN, "password": "wrong password"}).status)
        self.assertEqual(statuses[-1], 429)
        for body in ({}, {"email": ADMIN}, {"email": ADMIN, "password": 7}, {"orchestrator": "x"}, {"orchestrator": 7},
                     {"email": ADMIN, "password": PASSWORD, "secret": "x"}):
            self.assert_problem(self.browser.ask("POST", SESSION, body), 422)

    def test_behind_a_proxy_with_tls_the_cookie_is_for_https_alone(self):
        self.begin()
        https = {"Origin": "https://" + self.address, "X_Forwarded_Proto": "https"}
        cookie = self.browser.log_in(**https).headers["Set-Cookie"]
        self.assertEqual(cookie, self.browser.cookie + "; Path=/; HttpOnly; SameSite=Strict; Secure")
        self.assertTrue(cookie.startswith("__Host-stipend="))
        self.assertEqual(self.browser.ask("GET", LIST, X_Forwarded_Proto="https").status, 200)
        self.assert_problem(self.browser.ask("GET", LIST), 401)
        self.assert_problem(self.browser.ask("DELETE", SESSION, X_Forwarded_Proto="https"), 403)
        self.assertEqual(self.browser.ask("DELETE", SESSION, **https).status, 204)

    def test_roles_restarts_and_removed_accounts(self):
        self.begin()
        for name, role in (("viewer@example.com", "viewer"), ("operator@example.com", "operator")):
            (self.host.folder / "password").write_text(PASSWORD)
            code, _, err = self.host.run("user", "add", name, "--role", role, "--password-file",
                                         str(self.host.folder / "password"))
            self.assertEqual(code, 0, err)
        viewer, operator = Browser(self), Browser(self)
        viewer.log_in({"email": "viewer@example.com", "password": PASSWORD})
        operator.log_in({"email": "operator@example.com", "password": PASSWORD})
        self.wait_for_decisions(1)
        self.assertEqual(viewer.ask("GET", PAYMENTS).status, 200)
        self.assert_problem(viewer.ask("POST", ADJUST, self.adjustment()), 403)
        self.assertNotIn("payments:adjust", viewer.ask("GET", SESSION).json()["permissions"])
        self.host.stop()
        self.start()
        for browser in (viewer, operator):
            self.assertEqual(browser.ask("GET", SESSION).status, 200)
        self.assertEqual(self.host.run("user", "remove", "viewer@example.com")[0], 0)
        self.assert_problem(viewer.ask("GET", PAYMENTS), 401)
        self.assertEqual(operator.ask("GET", PAYMENTS).status, 200)
        (self.host.folder / "password").write_text("another " + PASSWORD)
        self.assertEqual(self.host.run("user", "passwd", "operator@example.com", "--password-file",
                                       str(self.host.folder / "password"))[0], 0)
        self.assert_problem(operator.ask("GET", PAYMENTS), 401)

    def test_the_session_of_an_orchestrator_reads_its_own_and_nothing_else(self):
        self.begin()
        secret = self.made()["secret"]
        self.assertEqual(self.order("approve").status, 200)
        browser = self.browser
        self.assert_problem(browser.ask("POST", SESSION, {"orchestrator": NEW, "secret": "wrong"}), 401)
        self.assert_problem(browser.ask("POST", SESSION, {"orchestrator": NEW, "secret": test_registry.COMMON}), 401)
        session = browser.log_in({"orchestrator": NEW, "secret": secret}).json()
        self.assertEqual((session["role"], session["orchestrator"], session["permissions"]),
                         ("orchestrator", NEW, ["own:read"]))
        status = f"{LIST}/{NEW}/status"
        self.assertEqual(browser.ask("GET", status).json()["orchestrator_id"], NEW)
        wait_for(lambda: browser.ask("GET", f"{PAYMENTS}?orchestrator={NEW}").status == 200, "its payments")
        self.wait_for_decisions(1)
        other = urllib.parse.quote(self.endpoints[0].partition("//")[2], safe="")
        for path in (f"{LIST}/{other}/status", f"{PAYMENTS}?orchestrator={other}", PAYMENTS, LIST, "/api/v1/events"):
            self.assert_problem(browser.ask("GET", path), 403)
        self.assert_problem(browser.ask("POST", f"{LIST}/{NEW}/disconnect"), 403)
        self.assert_problem(browser.ask("POST", ADJUST, self.adjustment()), 403)
        self.wait_paid()
        objection = browser.ask("POST", f"{LIST}/{NEW}/payments/1/objection", {"text": "we were up"})
        self.assertEqual((objection.status, objection.json()["by"]), (200, "secret"), objection.body)
        self.host.stop()
        self.start()
        wait_for(lambda: browser.ask("GET", status).status == 200, "the session over a restart")
        # Another secret ends what the one before has begun.
        self.assertEqual(self.order("secret", token=secret).status, 200)
        self.assert_problem(browser.ask("GET", status), 401)
        self.assert_problem(browser.ask("GET", SESSION), 401)

    def test_events_are_read_by_cookie_until_the_session_ends(self):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"  # then the stream is silent, and is looked at
        self.begin()
        self.wait_for_decisions(1)
        browser, other = self.browser, Browser(self)
        browser.log_in()
        other.log_in()
        streams = [self.events(one) for one in (browser, other)]
        self.assert_problem(self.get("/api/v1/events"), 401)
        self.assertEqual(browser.ask("DELETE", SESSION).status, 204)
        self.assertNotIn(b"event: payment", streams[0].read())  # to its end
        # Silent streams get a comment every fifteen seconds.
        self.assertEqual(next(line for line in iter(streams[1].readline, b"") if line.startswith(b":")), b":\n")

    def events(self, browser):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/events", headers={"Cookie": browser.cookie, "Last-Event-ID": "e0.0",
                                                             "Sec-Fetch-Site": "same-origin"})
        response = connection.getresponse()
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "text/event-stream"))
        found = 0
        for line in iter(response.readline, b""):
            found += line.startswith(b"event: payment")
            if found == len(self.host.decisions()):
                break
        response.readline()
        return response


if __name__ == "__main__":
    unittest.main(verbosity=2)
