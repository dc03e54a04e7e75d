"""Plugins with pages on the API's listener: what they get of a request, and what the host makes of their answers."""
import hashlib
import http.client
import json
import shutil
import threading
import unittest

import test_registry
from network import BUILD, wait_for
from test_api import ADMIN
from test_sessions import Browser, SESSION

ECHO = BUILD / "tests" / "plugins" / "echo.so"
ROUTES = ["api GET /echo/", "api GET /echo/x", "api POST /echo/x"]
SECRETS = ("cookie", "authorization", "x-csrf-token", "proxy-authorization")
PROTECTION = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
              "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"}


class PluginPages(test_registry.RegistryTest):
    def setUp(self):
        super().setUp()
        shutil.copy(ECHO, self.host.plugins / "echo.so")
        self.spread()

    def plugins(self, *entries):
        lines = "".join(f"    - {json.dumps(entry)}\n" for entry in entries)
        text = self.host.config.read_text()
        begin = text.index("\n", text.index("\n  plugins:") + 1) + 1
        end = begin
        while text[end:].startswith("    - "):
            end = text.index("\n", end) + 1
        self.host.config.write_text(text[:begin] + lines + text[end:])

    def echo(self, prefix="/echo/", routes=ROUTES, **config):
        return {"plugin": "echo", "prefix": prefix, "config": {"routes": routes, **config}}

    def hold_to_the_description(self, method, path, answer):
        if not path.startswith(("/echo", "/ui")) and path != "/":
            super().hold_to_the_description(method, path, answer)

    def got(self, answer, status=200):
        self.assertEqual(answer.status, status, answer.body)
        for name, value in PROTECTION.items():
            self.assertEqual(answer.headers.get_all(name), [value])
        self.assertIn("frame-ancestors 'none'", "".join(answer.headers.get_all("Content-Security-Policy")))
        return answer.json()

    def refused(self, answer, status):
        self.assertEqual(self.got(answer, status)["status"], status)

    def assert_no_secret(self, got):
        names = [line.partition(":")[0].lower() for line in got["headers"].splitlines()]
        self.assertFalse(set(names) & set(SECRETS), got)
        self.assertIn("host", names)

    def test_the_host_says_of_whom_a_request_is_and_keeps_what_proves_it(self):
        self.plugins(self.echo())
        self.start()
        nobody = self.got(self.ask("GET", "/echo/x?a=%20b", X_Own="1", Proxy_Authorization="Basic eDp5"))
        self.assert_no_secret(nobody)
        self.assertEqual((nobody["principal"], nobody["role"], nobody["orchestrator"]), ("", "", ""))
        self.assertEqual((nobody["method"], nobody["path"], nobody["query"]), ("GET", "/echo/x", "a=%20b"))
        self.assertIn("x-own: 1", nobody["headers"])

        browser = Browser(self)
        browser.log_in()
        for got in (browser.ask("GET", "/echo/x"), browser.ask("POST", "/echo/x", {"a": 1}),
                    self.ask("GET", "/echo/x", token=self.token)):
            got = self.got(got)
            self.assertEqual((got["principal"], got["role"], got["orchestrator"]), (ADMIN, "admin", ""))
            self.assert_no_secret(got)
            self.assertNotIn(browser.cookie.partition("=")[2], json.dumps(got))
        self.assertEqual(self.got(browser.ask("POST", "/echo/x", {"a": 1}))["body"], '{"a": 1}')
        for headers in ({"X_CSRF_Token": None}, {"X_CSRF_Token": "0" * 64}, {"Origin": "https://evil.example"},
                        {"Origin": None}, {"Sec_Fetch_Site": "cross-site"}):
            self.refused(browser.ask("POST", "/echo/x", {}, **headers), 403)
        self.refused(browser.ask("GET", "/echo/x", Sec_Fetch_Site="cross-site"), 403)
        self.refused(self.ask("POST", "/echo/x", {}, Origin="https://evil.example"), 403)
        self.refused(self.ask("GET", "/echo/x", token="x.y.z"), 401)
        self.refused(self.ask("GET", "/echo/none"), 404)
        self.refused(self.ask("PUT", "/echo/x", {}), 405)
        self.refused(self.ask("POST", "/echo/x", "x" * 70_000), 413)
        head = self.ask("HEAD", "/echo/x")
        self.assertEqual((head.status, head.body), (200, b""))
        for path in ("/", "/echo"):
            answer = self.ask("GET", path)
            self.assertEqual((answer.status, answer.headers["Location"]), (307, "/echo/"))

        # A session that has ended still gets the page, as no user.
        cookie = browser.cookie
        self.assertEqual(browser.ask("DELETE", SESSION).status, 204)
        self.assertEqual(self.got(self.ask("GET", "/echo/x", Cookie=cookie))["principal"], "")

        secret = self.made()["secret"]
        browser.log_in({"orchestrator": test_registry.NEW, "secret": secret})
        got = self.got(browser.ask("GET", "/echo/x"))
        self.assertEqual((got["role"], got["orchestrator"]), ("orchestrator", test_registry.NEW))
        self.assertEqual(self.order("secret", token=secret).status, 200)
        self.assertEqual(self.got(browser.ask("GET", "/echo/x"))["principal"], "")

    def test_an_answer_sets_no_cookie_and_gives_no_other_site_anything(self):
        self.plugins(self.echo(headers=[
            "Set-Cookie: stipend_session=" + "0" * 64, "Access-Control-Allow-Origin: *",
            "access-control-allow-credentials: true", "Clear-Site-Data: \"*\"", "X-Frame-Options: ALLOWALL",
            "Content-Security-Policy: default-src *", "X-Other: kept"]))
        self.start()
        for _ in range(3):
            answer = self.ask("GET", "/echo/x")
            self.got(answer)
            self.assertEqual(answer.headers["X-Other"], "kept")
            self.assertIn("default-src 'self'", answer.headers.get_all("Content-Security-Policy")[-1])
            for name in answer.headers:
                self.assertFalse(name.lower().startswith(("access-control-", "set-cookie", "clear-site")), name)
        removed = "set-cookie, access-control-allow-origin, access-control-allow-credentials, clear-site-data"
        wait_for(lambda: any(one["id"] == "page:echo:headers" and removed in one["text"]
                             for one in self.host.status()["alerts"]), "the alert")
        self.assertEqual(len([line for line in self.host.lines if "page:echo: its answers have header fields" in line]), 1)

    def test_an_instance_has_routes_below_its_prefix_alone(self):
        for route in ("api GET /api/v1/mine", "api GET /other/x", "api GET /", "api GET /echox", "api POST /health"):
            with self.subTest(route):
                self.plugins(self.echo(routes=[route]))
                with self.assertRaises(Exception):
                    self.start()
                path = route.rpartition(" ")[2]
                self.assertTrue(self.host.said(f"{path} on api: want a path below /echo/, the prefix of page:echo"))
                self.host.end(keep=True)
        self.plugins(self.echo(), self.echo("/two/", ["api GET /two/x"]))
        self.start()
        self.got(self.ask("GET", "/echo/x"))
        self.assertEqual(self.ask("GET", "/healthz").json(), {"status": "ok"})

    def test_prefixes_are_refused_at_their_line(self):
        for prefix in ("/", "/api/", "/health/", "/healthz/", "/readyz/", "/metrics/", "/api/v1/", "ui", "/ui", "//",
                       "/../", "/UI/"):
            with self.subTest(prefix):
                self.plugins(self.echo(), self.echo(prefix))
                code, _, err = self.host.run("check")
                self.assertEqual(code, 1, err)
                line = self.host.config.read_text().split("\n").index(
                    "    - " + json.dumps(self.echo(prefix))) + 1
                self.assertIn(f"config.yaml:{line}:", err)
                self.assertIn("api.plugins[1].prefix", err)
        self.plugins(self.echo(), self.echo())
        code, _, err = self.host.run("check")
        self.assertEqual(code, 1, err)
        self.assertIn("api.plugins[0] has already", err)


class Dashboard(test_registry.RegistryTest):
    """The plugin that the shipped configuration has."""

    def setUp(self):
        super().setUp()
        self.spread()

    def hold_to_the_description(self, method, path, answer):
        if path != "/" and not path.startswith("/ui"):
            super().hold_to_the_description(method, path, answer)

    def test_a_browser_gets_the_page_and_keeps_it(self):
        self.start()
        for path in ("/", "/ui"):
            answer = self.get(path)
            self.assertEqual((answer.status, answer.headers["Location"]), (307, "/ui/"))
        page = self.get("/ui/")
        self.assertEqual(page.status, 200)
        self.assertEqual(page.headers["Content-Type"], "text/html; charset=utf-8")
        self.assertTrue(page.body.lower().startswith(b"<!doctype html>"))
        self.assertNotRegex(page.body, rb"(?i)<script(?![^>]*\ssrc=)|<style|\son\w+\s*=|javascript:")
        policies = page.headers.get_all("Content-Security-Policy")
        self.assertTrue(policies[0].startswith("default-src 'none'; script-src 'self';"), policies)
        for name, value in PROTECTION.items():
            self.assertEqual(page.headers.get_all(name), [value])
        self.assertEqual(page.headers["Cache-Control"], "no-cache")
        self.assertEqual(self.get("/ui/index.html").body, page.body)
        kept = self.get("/ui/", If_None_Match=page.headers["ETag"])
        self.assertEqual((kept.status, kept.body, kept.headers["ETag"]), (304, b"", page.headers["ETag"]))
        head = self.ask("HEAD", "/ui/")
        self.assertEqual((head.status, head.body, head.headers["ETag"]), (200, b"", page.headers["ETag"]))
        self.assertEqual(self.get("/ui/../config.yaml").status, 404)
        self.assertEqual(self.ask("POST", "/ui/", {}).status, 405)

    def test_another_build_takes_over_while_pages_are_asked_for(self):
        self.start()
        place = self.host.plugins / "dashboard.so"
        page = self.get("/ui/").body
        stop, statuses = threading.Event(), []

        def ask():
            while not stop.is_set():
                connection = http.client.HTTPConnection(self.address, timeout=30)
                try:
                    client = f"10.9.{len(statuses) >> 8 & 255}.{len(statuses) & 255}"
                    connection.request("GET", "/ui/", headers={"X-Forwarded-For": client})
                    response = connection.getresponse()
                    statuses.append((response.status, response.read() == page))
                finally:
                    connection.close()

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            for tail in (b"1", b"2", b"3"):
                before = len(statuses)
                new = self.host.folder / "new.so"
                new.write_bytes(place.read_bytes() + tail)
                new.chmod(0o644)
                new.replace(place)
                code, out, err = self.host.run("reload")
                self.assertEqual(code, 0, out + err)
                wait_for(lambda: len(statuses) > before + 20, "requests after the swap")
        finally:
            stop.set()
            thread.join()
        self.assertEqual(set(statuses), {(200, True)})
        code, out, err = self.host.run("plugins", "status", "--json")
        self.assertEqual(code, 0, err)
        shown = next(one for one in json.loads(out)["plugins"] if one["for"] == "page:ui")
        self.assertEqual(shown["sha256"], hashlib.sha256(place.read_bytes()).hexdigest())


if __name__ == "__main__":
    unittest.main(verbosity=2)
