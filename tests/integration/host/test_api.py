"""The manager's API on a running host: a newcomer's way, and what attackers try."""
import base64
import contextlib
import csv
import hashlib
import hmac
import http.client
import io
import json
import os
import re
import socket
import sqlite3
import ssl
import subprocess
import time
import unittest
import urllib.parse
import warnings
import xml.etree.ElementTree
from decimal import Decimal

import described
from network import Devnet, Host, wait_for

ADMIN = "admin@system.com"
PASSWORD = "correct horse battery"
SECRET = "a secret of tests that is long enough, as it has to be"
LIST = "/api/v1/livepeer/orchestrators"
PAYMENTS = "/api/v1/livepeer/payments"
LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
GATEWAY = "/api/v1/gateway/orchestrators"


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    def json(self):
        return json.loads(self.body)


class ApiTest(unittest.TestCase):
    orchestrators = 3
    description = None  # of the program, once a host was asked for it

    def setUp(self):
        self.devnet = Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        self.host.environment.update(ADMIN_PASSWORD=PASSWORD)

    def start(self):
        since = len(self.host.lines)
        self.host.start()
        line = self.host.wait_line("the API is served at http://", since)
        self.address = line.split("http://")[1].strip()

    def ask(self, method, path, body=None, token=None, **headers):
        """One request; `path` is sent as it is. A body that is no text or bytes is sent as JSON."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        if token is not None:
            headers["Authorization"] = "Bearer " + token
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = Answer(response, response.read())
            self.hold_to_the_description(method, path, answer)
            return answer
        finally:
            connection.close()

    def hold_to_the_description(self, method, path, answer):
        if ApiTest.description is None:
            connection = http.client.HTTPConnection(self.address, timeout=30)
            try:
                connection.request("GET", "/api/v1/openapi.json")
                ApiTest.description = described.Description(json.loads(connection.getresponse().read()))
            finally:
                connection.close()
        fault = self.description.fault(method, path, answer.status, answer.headers.get("Content-Type", ""), answer.body)
        self.assertIsNone(fault, f"{method} {path}: not as described: {fault}: {answer.body[:2000]}")

    def get(self, path, token=None, **headers):
        return self.ask("GET", path, token=token, **headers)

    def log_in(self, name=ADMIN, password=PASSWORD):
        answer = self.ask("POST", LOGIN, {"email": name, "password": password})
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def assert_problem(self, answer, status):
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        problem = answer.json()
        self.assertEqual(problem["status"], status)
        return problem["detail"]

    def wait_for_decisions(self, count):
        wait_for(lambda: len(self.host.decisions()) >= count, f"{count} decisions")


class Newcomer(ApiTest):
    def test_from_the_first_start_to_what_was_paid(self):
        del self.host.environment["ADMIN_PASSWORD"]
        self.start()
        file = self.host.folder / "state" / "admin-password"
        self.assertTrue(self.host.said(str(file)))
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.host.folder / "state" / "access.db").stat().st_mode & 0o777, 0o600)
        password = file.read_text().strip()
        self.assertFalse(self.host.said(password))
        tokens = self.log_in(password=password)
        self.assertEqual((tokens["token_type"], tokens["expires_in"]), ("bearer", 900))
        token = tokens["access_token"]
        self.wait_for_decisions(2 * self.orchestrators)

        found = self.get(LIST, token).json()
        self.assertEqual([found[name] for name in ("total", "connected", "disconnected", "unhealthy")], [3, 3, 0, 0])
        self.assertIsNone(found["next_cursor"])
        ids = [one["orchestrator_id"] for one in found["orchestrators"]]
        self.assertEqual(sorted(ids), sorted({line["orchestrator"] for line in self.host.decisions()}))
        one = self.get(f"{LIST}/{urllib.parse.quote(ids[1], safe='')}/status", token).json()
        self.assertEqual((one["orchestrator_id"], one["status"], one["last_tier"]), (ids[1], "connected", "excellent"))
        self.assertEqual((int(one["owed_wei"]), one["asset"], one["decimals"]), (one["epoch"] * 6000000000000000, "ETH", 18))

        payment = self.get(f"{PAYMENTS}?limit=1", token).json()["payments"][0]
        exported = {(line["orchestrator"], line["epoch"]): line for line in self.host.decisions()}
        self.assertEqual(payment, exported[payment["orchestrator"], payment["epoch"]])

        described = self.get("/api/v1/openapi.json").json()
        self.assertEqual(described["openapi"], "3.1.0")
        self.assertIn(LIST, described["paths"])
        self.check_page(described["paths"])
        for path in ("/health", "/healthz", "/readyz"):
            self.assertEqual((self.get(path).status, self.get(path).json()["status"]), (200, "ok"))
        components = self.get("/health").json()["components"]
        self.assertEqual({name: one["state"] for name, one in components.items()},
                         {**dict.fromkeys(("control", "orchestrators", "gateway", "ledger", "price", "alerts"), "ok"),
                          "worker": "not_applicable"})
        self.assertTrue(all(0 <= one["age_seconds"] < 600 for name, one in components.items() if name != "worker"))
        addresses = sorted(one["address"] for one in self.get(GATEWAY).json())
        self.assertEqual(addresses, sorted(self.devnet.addresses.replace("/,", ",").rstrip("/").split(",")))
        self.assertEqual(self.host.status()["alerts"], [])

    def check_page(self, paths):
        """The page for people has every route, no script, nothing from elsewhere, and each of its links leads somewhere."""
        page = self.get("/api/v1/docs")
        self.assertEqual((page.status, page.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertTrue(page.headers["Content-Security-Policy"].startswith("default-src 'none'"))
        tree = xml.etree.ElementTree.fromstring(page.body.decode().partition("\n")[2].replace('"width=device-width">', '"width=device-width"/>')
                                                .replace('charset="utf-8">', 'charset="utf-8"/>'))
        headings = {"".join(one.itertext()) for one in tree.iter("h3")}
        for path, methods in paths.items():
            for method in methods:
                self.assertIn(f"{method.upper()} {path}", headings)
        ids = [one.get("id") for one in tree.iter() if one.get("id")]
        self.assertEqual(len(ids), len(set(ids)))
        links = [one.get("href") for one in tree.iter("a")]
        self.assertGreater(len(links), 10)
        self.assertEqual({link for link in links if link.removeprefix("#") not in ids}, set())
        self.assertEqual([one.tag for one in tree.iter() if one.tag in ("script", "link", "img", "iframe")], [])
        self.assertEqual(self.get("/api/v1/docs", If_None_Match=page.headers["ETag"]).status, 304)

    def test_lists_come_in_parts_and_only_when_they_changed(self):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.start()
        token = self.log_in()["access_token"]
        self.wait_for_decisions(self.orchestrators)
        whole = self.get(LIST, token)
        self.assertEqual(self.get(LIST, token, If_None_Match=whole.headers["ETag"]).status, 304)
        self.assertEqual(self.get(LIST, token, If_None_Match='"other"').status, 200)
        for path, name, size in ((LIST, "orchestrators", 3), (PAYMENTS, "payments", 3)):
            parts, cursor = [], ""
            while cursor is not None:
                part = self.get(f"{path}?limit=2{cursor and '&cursor=' + cursor}", token).json()
                self.assertLessEqual(len(part[name]), 2)
                parts += part[name]
                cursor = part["next_cursor"]
            self.assertEqual(parts, self.get(path, token).json()[name])
            self.assertEqual(len(parts), size)
        status = self.get("/api/v1/status", token).json()
        decided = self.host.decisions()
        self.assertEqual([(one["asset"], int(one["owed"]), one["under_way"], one["paid"]) for one in status["networks"]],
                         [("ETH", sum(int(one["amount_wei"]) for one in decided), "0", "0")])
        self.assertEqual(Decimal(status["spend"]["accrued_usd"]), sum(Decimal(one["amount_usd"]) for one in decided))
        self.assertEqual((status["decisions"], status["alerts"], status["unpaid"]), (3, [], []))
        self.assertIn("org.stipend.payment", {one["id"] for one in status["plugins"]["plugins"]})
        self.assert_problem(self.get("/api/v1/status"), 401)
        later = urllib.parse.quote("2200-01-01T00:00:00Z")
        self.assertEqual(self.get(f"{PAYMENTS}?from={later}", token).json(), {"payments": [], "next_cursor": None})
        self.assert_problem(self.get(f"{PAYMENTS}?orchestrator=unknown", token), 404)
        self.assert_problem(self.get(f"{LIST}/unknown/status", token), 404)

    def test_failing_and_removed_orchestrators_are_shown_as_such(self):
        addresses = self.devnet.addresses.replace("/,", ",").rstrip("/").split(",")
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""
        listed = "\n".join(f"  - {{ address: \"{address}\", id: orch-{i} }}" for i, address in enumerate(addresses))
        self.host.edit("orchestrators: []", "orchestrators:\n" + listed)
        self.devnet.fault(1, kind="empty200")
        self.start()
        token = self.log_in()["access_token"]
        states = lambda: {one["orchestrator_id"]: one["status"] for one in  # noqa: E731
                          self.get(LIST, token).json()["orchestrators"]}
        wait_for(lambda: states() == {"orch-0": "connected", "orch-1": "unhealthy", "orch-2": "connected"},
                 "a failed check")
        self.host.edit(f"  - {{ address: \"{addresses[2]}\", id: orch-2 }}", "")
        self.assertEqual(self.host.run("reload")[0], 0)
        wait_for(lambda: states()["orch-2"] == "disconnected", "an orchestrator less")
        found = self.get(LIST, token).json()
        self.assertEqual([found[name] for name in ("total", "connected", "disconnected", "unhealthy")], [3, 1, 1, 1])
        self.assertEqual([one["address"] for one in self.get(GATEWAY).json()], addresses[:2])


class Logins(ApiTest):
    def test_a_refresh_token_is_taken_once_and_reuse_ends_the_login(self):
        self.start()
        first = self.log_in()
        second = self.ask("POST", REFRESH, {"refresh_token": first["refresh_token"]}).json()
        self.assertEqual(self.get(LIST, second["access_token"]).status, 200)
        self.assert_problem(self.ask("POST", REFRESH, {"refresh_token": first["refresh_token"]}), 401)
        self.assert_problem(self.ask("POST", REFRESH, {"refresh_token": second["refresh_token"]}), 401)
        self.assert_problem(self.get(LIST, second["access_token"]), 401)
        # An access token renews nothing, and a refresh token opens nothing.
        third = self.log_in()
        self.assert_problem(self.ask("POST", REFRESH, {"refresh_token": third["access_token"]}), 401)
        self.assert_problem(self.get(LIST, third["refresh_token"]), 401)
        self.assertEqual(self.ask("POST", "/api/v1/auth/logout", token=third["access_token"]).status, 204)
        self.assert_problem(self.get(LIST, third["access_token"]), 401)
        self.assert_problem(self.ask("POST", REFRESH, {"refresh_token": third["refresh_token"]}), 401)

    def test_a_flood_of_logins_is_throttled_and_payments_go_on(self):
        self.start()
        wrong = self.ask("POST", LOGIN, {"email": ADMIN, "password": "wrong password"})
        unknown = self.ask("POST", LOGIN, {"email": "unknown@system.com", "password": "wrong password"})
        self.assertEqual(self.assert_problem(wrong, 401), "Invalid credentials")
        self.assertEqual(wrong.body, unknown.body)
        before = len(self.host.decisions())
        answers = [self.ask("POST", LOGIN, {"email": ADMIN, "password": f"guess {i}"}) for i in range(60)]
        self.assertEqual({answer.status for answer in answers}, {401, 429})
        self.assertLessEqual(sum(answer.status == 401 for answer in answers), 12)
        self.assert_problem(answers[-1], 429)
        self.assertGreaterEqual(int(answers[-1].headers["Retry-After"]), 1)
        # The right password is refused as well: a throttled attempt says nothing about its password.
        self.assert_problem(self.ask("POST", LOGIN, {"email": ADMIN, "password": PASSWORD}), 429)
        self.wait_for_decisions(before + 2 * self.orchestrators)
        self.assertEqual(self.get("/readyz").status, 200)
        self.assertFalse(self.host.said("guess 0"))

    def test_a_restart_keeps_logins_and_a_new_secret_signs_beside_the_old_one(self):
        self.start()
        tokens = self.log_in()
        self.assertEqual(self.host.stop(), 0)
        self.start()
        self.assertEqual(self.get(LIST, tokens["access_token"]).status, 200)
        self.assertEqual(self.host.stop(), 0)
        self.host.environment["JWT_SECRET"] = SECRET
        self.start()
        self.assertEqual(self.get(LIST, tokens["access_token"]).status, 200)
        renewed = self.ask("POST", REFRESH, {"refresh_token": tokens["refresh_token"]}).json()
        self.assertEqual(self.get(LIST, renewed["access_token"]).status, 200)
        kid = [json.loads(decoded(one["access_token"].split(".")[0]))["kid"] for one in (tokens, renewed)]
        self.assertNotEqual(*kid)


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encoded(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header, claims, secret=SECRET, digest=hashlib.sha256):
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.new(secret.encode(), text.encode(), digest).digest())}"


class ForgedTokens(ApiTest):
    def test_only_a_token_as_the_host_signs_it_is_accepted(self):
        self.host.environment["JWT_SECRET"] = SECRET
        self.start()
        self.assertEqual(self.host.run("user", "add", "viewer@example.com", "--generate")[0], 0)
        token = self.log_in()["access_token"]
        header, claims, signature = token.split(".")
        header, claims = json.loads(decoded(header)), json.loads(decoded(claims))
        self.assertEqual(self.get(LIST, signed(header, claims)).status, 200)  # what is forged below would be right
        now = int(time.time())
        fresh = {"iat": now, "nbf": now, "exp": now + 900}
        forged = {
            "alg none": f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}.",
            "alg none with the signature": f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}.{signature}",
            "another algorithm": signed({**header, "alg": "HS512"}, claims, digest=hashlib.sha512),
            "an algorithm of key pairs": signed({**header, "alg": "RS256"}, claims),
            "an unknown key": signed({**header, "kid": "0" * 16}, claims),
            "no key": signed({k: v for k, v in header.items() if k != "kid"}, claims),
            "a key of its own": signed({**header, "jwk": {"kty": "oct", "k": encoded(b"mine")}}, claims, "mine"),
            "another secret": signed(header, claims, SECRET + "."),
            "another kind": signed({**header, "typ": "JWT"}, claims),
            "expired": signed(header, {**claims, "iat": now - 2000, "nbf": now - 2000, "exp": now - 1000}),
            "of the future": signed(header, {**claims, "iat": now + 1000, "nbf": now + 1000, "exp": now + 2000}),
            "for another service": signed(header, {**claims, **fresh, "aud": "another"}),
            "of another issuer": signed(header, {**claims, **fresh, "iss": "another"}),
            "of another account": signed(header, {**claims, **fresh, "sub": "unknown@system.com"}),
            "of another account's login": signed(header, {**claims, **fresh, "sub": "viewer@example.com"}),
            "of a login that never was": signed(header, {**claims, **fresh, "family": "0" * 32}),
            "critical extension": signed({**header, "crit": ["x"], "x": 1}, claims),
            "cut off": token[:-2],
            "without a signature": token.rsplit(".", 1)[0],
            "too long": token + "A" * 8000,
            "nothing": "",
            "no token": "stp_0123456789abcdef_" + "A" * 48,
        }
        for what, one in forged.items():
            with self.subTest(what):
                answer = self.get(LIST, one)
                self.assertEqual(self.assert_problem(answer, 401), "Invalid credentials")
                self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
        for scheme in ("Basic " + token, token, "Bearer", "bearer  "):
            self.assert_problem(self.get(LIST, Authorization=scheme), 401)
        self.assertFalse(self.host.said(token))


class KeyPair(ApiTest):
    """Tokens signed by ES256, and what is tried against them."""

    def key(self, name, curve="P-256"):
        file = self.host.folder / name
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", file],
                       check=True, capture_output=True)
        return file

    def public(self, file):
        return subprocess.run(["openssl", "pkey", "-in", file, "-pubout"], check=True, capture_output=True, text=True).stdout

    def signed_by(self, file, header, claims, digest="sha256", size=32):
        text = f"{encoded(header)}.{encoded(claims)}"
        der = subprocess.run(["openssl", "dgst", f"-{digest}", "-sign", file], input=text.encode(), check=True,
                             capture_output=True).stdout
        at = 3 if der[1] & 0x80 else 2
        numbers = []
        for _ in range(2):
            length = der[at + 1]
            numbers.append(int.from_bytes(der[at + 2:at + 2 + length], "big"))
            at += 2 + length
        return f"{text}.{encoded(b''.join(one.to_bytes(size, 'big') for one in numbers))}"

    def test_only_the_pair_signs_and_its_algorithm_is_pinned(self):
        file = self.key("jwt.pem")
        self.host.environment["JWT_KEY"] = str(file)
        self.start()
        token = self.log_in()["access_token"]
        self.assertEqual(self.get(LIST, token).status, 200)
        header, claims, signature = token.split(".")
        header, claims = json.loads(decoded(header)), json.loads(decoded(claims))
        self.assertEqual(header["alg"], "ES256")
        self.assertEqual(self.get(LIST, self.signed_by(file, header, claims)).status, 200)  # what is forged would be right
        public, other = self.public(file), self.key("other.pem")
        forged = {
            "alg none": f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}.",
            "alg none with the signature": f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}.{signature}",
            "HS256 by the public key's PEM": signed({**header, "alg": "HS256"}, claims, public),
            "HS256 by it without the line's end": signed({**header, "alg": "HS256"}, claims, public.strip()),
            "ES256 that is an HMAC": signed(header, claims, public),
            "another pair": self.signed_by(other, header, claims),
            "another pair that comes along": self.signed_by(other, {**header, "jwk": {"kty": "EC", "crv": "P-256"}}, claims),
            "another curve": self.signed_by(self.key("p384.pem", "P-384"), {**header, "alg": "ES384"}, claims, "sha384", 48),
            "another curve under this name": self.signed_by(self.key("p384.pem", "P-384"), header, claims, "sha256", 48),
            "a signature of zeros": f"{encoded(header)}.{encoded(claims)}.{encoded(bytes(64))}",
            "other claims": f"{encoded(header)}.{encoded({**claims, 'sub': 'x@example.com'})}.{signature}",
        }
        for what, one in forged.items():
            with self.subTest(what):
                self.assert_problem(self.get(LIST, one), 401)

    def test_a_pair_is_replaced_and_tokens_of_the_one_before_stay_valid(self):
        self.host.environment["JWT_KEY"] = str(self.key("first.pem"))
        self.start()
        first = self.log_in()["access_token"]
        self.host.stop()
        self.host.environment["JWT_KEY"] = str(self.key("second.pem"))
        self.start()
        second = self.log_in()["access_token"]
        self.assertEqual([self.get(LIST, one).status for one in (first, second)], [200, 200])
        self.host.stop()
        del self.host.environment["JWT_KEY"]
        self.start()
        self.assertEqual([self.get(LIST, one).status for one in (first, second)], [200, 200])
        self.assertEqual(json.loads(decoded(self.log_in()["access_token"].split(".")[0]))["alg"], "HS256")
        for file in (self.host.folder / "state").iterdir():
            if file.is_file():
                self.assertNotIn(b"PRIVATE KEY", file.read_bytes())

    def test_check_names_what_is_wrong_with_the_file(self):
        for file, what in ((self.key("p384.pem", "P-384"), "want a key on the curve P-256"),
                           (self.host.folder / "none.pem", "none.pem")):
            code, out, err = self.host.run("check", environment={**self.host.environment, "JWT_KEY": str(file)})
            self.assertEqual(code, 1)
            self.assertIn(what, out + err)
        code, out, err = self.host.run("check", environment={**self.host.environment, "JWT_KEY": str(self.key("jwt.pem")),
                                                             "JWT_SECRET": SECRET})
        self.assertEqual(code, 1)
        self.assertIn("api.jwt_key: got a file, want none beside api.jwt_secret", out + err)


class Commands(ApiTest):
    def add(self, *words, password=None):
        file = self.host.folder / "password"
        if password is not None:
            file.write_text(password + "\n")
            words += ("--password-file", str(file))
        code, out, err = self.host.run(*words)
        self.assertEqual(code, 0, err)
        return out

    def test_accounts_are_added_changed_and_removed_beside_a_running_host(self):
        self.start()
        self.add("user", "add", "v@example.com", password="a viewer's password")
        viewer = self.log_in("v@example.com", "a viewer's password")["access_token"]
        self.assertEqual(self.get(PAYMENTS, viewer).status, 200)
        made = json.loads(self.add("user", "add", "o@example.com", "--role", "operator", "--generate", "--json"))
        self.log_in("o@example.com", made["password"])
        listed = json.loads(self.add("user", "list", "--json"))
        self.assertEqual({one["account"]: one["role"] for one in listed},
                         {ADMIN: "admin", "o@example.com": "operator", "v@example.com": "viewer"})
        self.add("user", "passwd", "v@example.com", password="another password")
        self.assert_problem(self.get(PAYMENTS, viewer), 401)
        viewer = self.log_in("v@example.com", "another password")["access_token"]
        self.add("user", "remove", "v@example.com")
        self.assert_problem(self.get(PAYMENTS, viewer), 401)
        for words, why in ((["remove", ADMIN], "the last administrator"), (["remove", "unknown"], "no such account"),
                           (["add", ADMIN, "--generate"], "already"), (["add", "two words", "--generate"], "a name"),
                           (["add", "x", "--generate", "--role", "orchestrator"], "want admin, operator or viewer"),
                           (["passwd", "unknown", "--generate"], "no such account")):
            code, out, err = self.host.run("user", *words)
            self.assertNotEqual(code, 0)
            self.assertIn(why, err)
        (self.host.folder / "password").write_text("short\n")
        code, _, err = self.host.run("user", "add", "y", "--password-file", str(self.host.folder / "password"))
        self.assertEqual(code, 1)
        self.assertNotIn("short\n", err)

    def test_a_key_has_its_scopes_until_it_is_revoked(self):
        self.start()
        made = json.loads(self.add("api-key", "add", "prometheus", "--scopes", "orchestrators:read", "--expires-in",
                                   "90d", "--json"))
        self.assertEqual(self.get(LIST, made["key"]).status, 200)
        self.assert_problem(self.get(PAYMENTS, made["key"]), 403)
        self.assert_problem(self.get(LIST, made["key"][:-1] + ("A" if made["key"][-1] != "A" else "B")), 401)
        listed = json.loads(self.add("api-key", "list", "--json"))
        self.assertEqual([(one["id"], one["name"], one["revoked_at"]) for one in listed],
                         [(made["id"], "prometheus", None)])
        self.add("api-key", "revoke", made["id"])
        self.assert_problem(self.get(LIST, made["key"]), 401)
        database = (self.host.folder / "state" / "access.db").read_bytes()
        self.assertNotIn(made["key"].encode(), database)
        for words in (["add", "x", "--scopes", "accounts:manage"], ["add", "x", "--scopes", "everything"],
                      ["add", "x", "--expires-in", "soon"], ["add", "bad\x1b[31mname"], ["revoke", "0" * 16]):
            self.assertNotEqual(self.host.run("api-key", *words)[0], 0)

    def test_an_account_that_is_there_before_the_first_start_stays_the_only_one(self):
        (self.host.folder / "state").mkdir()
        self.add("user", "add", "root@example.com", "--role", "admin", password="before the start")
        self.start()
        self.log_in("root@example.com", "before the start")
        self.assert_problem(self.ask("POST", LOGIN, {"email": ADMIN, "password": PASSWORD}), 401)


class Orders(ApiTest):
    ADJUSTMENTS = "/api/v1/livepeer/adjustments"
    PARDONS = "/api/v1/livepeer/pardons"
    TIME = {"from": "2026-11-20T10:00:00Z", "to": "2026-11-20T10:05:00Z", "reason": "our gateway was down"}

    def begin(self, interval_s=3600):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = str(interval_s)
        self.start()
        self.token = self.log_in()["access_token"]
        self.wait_for_decisions(self.orchestrators)
        self.who = self.host.decisions()[0]["orchestrator"]

    def owed(self):
        one = self.get(f"{LIST}/{urllib.parse.quote(self.who, safe='')}/status", self.token).json()
        return int(one["owed_wei"])

    def order(self, path, token=None, **members):
        return self.ask("POST", path, {**self.TIME, **members}, token or self.token)

    def test_an_adjustment_is_exact_in_the_name_of_its_account_and_never_twice(self):
        self.begin()
        before = self.owed()
        text = json.dumps({**self.TIME, "orchestrator_id": self.who})[:-1]
        done = self.ask("POST", self.ADJUSTMENTS, text + ', "amount_usd": 0.10000002}', self.token)
        self.assertEqual(done.status, 200, done.body)
        self.assertEqual((done.json()["amount_usd"], done.json()["amount_wei"]), ("0.10000002", "50000010000000"))
        self.assertEqual(self.owed() - before, 50000010000000)
        self.assert_problem(self.order(self.ADJUSTMENTS, orchestrator_id=self.who, amount_usd="0.10000002"), 409)
        self.assertEqual(self.owed() - before, 50000010000000)
        self.assertIn("no such orchestrator", self.assert_problem(
            self.order(self.ADJUSTMENTS, orchestrator_id="https://other:1", amount_usd="1"), 422))
        for amount in ("1e400", "-", "0x10", "NaN", "1.123456789"):
            self.assert_problem(self.order(self.ADJUSTMENTS, orchestrator_id=self.who, amount_usd=amount), 422)
        self.host.stop()
        with contextlib.closing(sqlite3.connect(self.host.folder / "state" / "ledger.db")) as ledger:
            self.assertEqual(ledger.execute("SELECT by, reason FROM adjustment").fetchall(),
                             [(f"api:{ADMIN}", self.TIME["reason"])])
        self.host.verified()

    def test_orders_are_for_administrators(self):
        self.begin()
        code, out, err = self.host.run("user", "add", "o@example.com", "--role", "operator", "--generate", "--json")
        self.assertEqual(code, 0, err)
        operator = self.log_in("o@example.com", json.loads(out)["password"])["access_token"]
        before = self.owed()
        for token, status in ((operator, 403), ("nothing", 401)):
            self.assert_problem(self.order(self.ADJUSTMENTS, token, orchestrator_id=self.who, amount_usd="1"), status)
            self.assert_problem(self.order(self.PARDONS, token, all=True), status)
        self.assertEqual(self.owed(), before)

    def test_a_failure_is_pardoned(self):
        self.begin(interval_s=1)
        self.devnet.fault(0, kind="empty200")
        wait_for(lambda: any(one["consecutive_failures"] for one in self.host.decisions()), "a failure")
        failed = next(one for one in self.host.decisions() if one["consecutive_failures"])
        self.devnet.fault(0, kind="none")
        times = {"from": "2020-01-01T00:00:00Z", "to": failed["decided_at"], "reason": "our own network"}
        self.assert_problem(self.ask("POST", self.PARDONS, times, self.token), 422)
        # The last of its failures was due before it was decided.
        asked = {**times, "orchestrator_id": failed["orchestrator"], "dry_run": True}
        planned = self.ask("POST", self.PARDONS, asked, self.token)
        self.assertEqual(planned.status, 200, planned.body)
        done = self.ask("POST", self.PARDONS, {**asked, "dry_run": False}, self.token)
        self.assertEqual(done.status, 200, done.body)
        self.assertEqual([one["orchestrator"] for one in done.json()["pardoned"]], [failed["orchestrator"]])
        self.host.stop()
        self.host.verified()

    def test_payments_for_a_spreadsheet(self):
        self.begin()
        whole = self.get(f"{PAYMENTS}?format=csv", self.token)
        self.assertEqual(whole.headers["Content-Type"], "text/csv; charset=utf-8; header=present")
        rows = list(csv.DictReader(io.StringIO(whole.body.decode(), newline="")))
        listed = self.get(PAYMENTS, self.token).json()["payments"]
        self.assertEqual([row["orchestrator"] for row in rows], [one["orchestrator"] for one in listed])
        self.assertEqual({row["amount_wei"] for row in rows}, {one["amount_wei"] for one in listed})
        self.assertNotIn("Link", whole.headers)
        part = self.get(f"{PAYMENTS}?format=csv&limit=2", self.token)
        self.assertEqual(len(part.body.splitlines()), 1 + 2)
        cursor = re.fullmatch(r'<\?cursor=(\w+)>; rel="next"', part.headers["Link"]).group(1)
        rest = self.get(f"{PAYMENTS}?format=csv&limit=2&cursor={cursor}", self.token)
        self.assertEqual(part.body + rest.body.split(b"\r\n", 1)[1], whole.body)


class Requests(ApiTest):
    """What is not a request as it should be is refused, with its reason, and harms nothing."""

    def setUp(self):
        super().setUp()
        self.start()
        self.token = self.log_in()["access_token"]

    def test_bodies(self):
        good = {"email": "x@example.com", "password": "12345678"}
        for body, status in ((b"{", 400), (b"[]", 400), (b'"text"', 400), (b"", 422), (b"{}", 422), (b"\xff\xfe", 400),
                             (b'{"email":1,"password":"12345678"}', 422), (b'{"email":"","password":"12345678"}', 422),
                             (b'{"email":"a","email":"b","password":"12345678"}', 400), (b"[" * 5000, 400),
                             (json.dumps({"email": "x" * 300, "password": "12345678"}).encode(), 422),
                             (json.dumps({"email": "x", "password": "p" * 2000}).encode(), 422)):
            with self.subTest(body[:40]):
                self.assert_problem(self.ask("POST", REFRESH if status == 400 else LOGIN, body), status)
        self.assert_problem(self.ask("POST", REFRESH, json.dumps(good), Content_Type="text/plain"), 415)
        self.assertIn("want at most", self.assert_problem(self.ask("POST", REFRESH, b" " * (65 << 10)), 413))
        self.assertIn("want at most", self.assert_problem(self.get("/healthz", X_Long="x" * (17 << 10)), 431))
        self.assertIn("malformed request", self.assert_problem(self.ask("G@T", "/healthz"), 400))
        self.assertIn("bad request target", self.assert_problem(self.ask("GET", "healthz"), 400))
        self.assertEqual(self.get("/healthz").status, 200)

    def test_paths_methods_and_queries(self):
        for path in ("//healthz", "/healthz/", "/api//v1/livepeer/orchestrators", LIST + "/", "/%68ealthz",
                     "/api/v1/livepeer/../livepeer/orchestrators", "/api/v1/livepeer/%2e%2e/livepeer/orchestrators",
                     "/./healthz", LIST + "//status", LIST + "/a/b/status", "/healthz%00", "/HEALTHZ"):
            with self.subTest(path):
                self.assertIn(self.get(path, self.token).status, (400, 404))
        self.assert_problem(self.get(LIST + "/%00/status", self.token), 400)
        self.assert_problem(self.get(LIST + "/%2e%2e%2fx/status", self.token), 404)
        for query, name in (("limitt=1", "limitt"), ("limit=0", "limit"), ("limit=1&limit=2", "limit"),
                            ("cursor=x", "cursor"), ("limit=%zz", "limit"), ("x", "x"), ("cursor=o1%00", "cursor")):
            with self.subTest(query):
                self.assertIn(name, self.assert_problem(self.get(f"{LIST}?{query}", self.token), 400))
        self.assert_problem(self.get("/healthz?verbose=1"), 400)
        answer = self.ask("OPTIONS", LOGIN, Origin="https://evil.example", Access_Control_Request_Method="POST")
        self.assert_problem(answer, 405)
        self.assertNotIn("Access-Control-Allow-Origin", answer.headers)
        self.assert_problem(self.get(LOGIN), 405)
        self.assertEqual(self.get(LOGIN).headers["Allow"], "POST")
        self.assert_problem(self.ask("DELETE", LIST, token=self.token), 405)
        head = self.ask("HEAD", LIST, token=self.token)
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(self.ask("HEAD", LIST).status, 401)

    def test_pages_of_another_origin_change_nothing(self):
        body = {"email": ADMIN, "password": PASSWORD}
        for origin in ("https://evil.example", "null", "http://" + self.address + ".evil.example"):
            self.assert_problem(self.ask("POST", LOGIN, body, Origin=origin), 403)
        self.assert_problem(self.ask("POST", "/api/v1/auth/logout", token=self.token, Origin="https://evil.example"),
                            403)
        answer = self.get(LIST, self.token, Origin="https://evil.example")
        self.assertEqual(answer.status, 200)
        self.assertNotIn("Access-Control-Allow-Origin", answer.headers)

    def test_names_are_text_and_nothing_else(self):
        for name in ("' OR 1=1 --", ADMIN + "'; DROP TABLE account; --", "\x1b[31mred\x07", "\u202eright", ADMIN + "\0"):
            self.assert_problem(self.ask("POST", LOGIN, {"email": name, "password": "12345678"}), 401)
        odd = urllib.parse.quote("' OR 1=1 --", safe="")
        self.assert_problem(self.get(f"{LIST}/{odd}/status", self.token), 404)
        self.assert_problem(self.get(f"{PAYMENTS}?orchestrator={odd}", self.token), 404)
        self.host.wait_line("red")
        self.assertFalse(self.host.said("\x1b") or self.host.said("\u202e"))
        self.assertEqual(self.get(LIST, self.token).status, 200)

    def test_a_proxy_that_is_not_trusted_decides_nothing(self):
        self.assertEqual(self.get(GATEWAY).status, 200)
        self.assert_problem(self.get(GATEWAY, X_Forwarded_For="10.0.0.1"), 403)
        # Another address in the header is no way around the throttle.
        answers = [self.ask("POST", LOGIN, {"email": f"{i}", "password": "12345678"}, X_Forwarded_For=f"10.0.0.{i}")
                   for i in range(30)]
        self.assertIn(429, {answer.status for answer in answers})


class Proxy(ApiTest):
    def test_behind_a_trusted_proxy_clients_count_by_themselves(self):
        self.host.edit("  # trusted_proxies: [10.0.0.2]               # a proxy with TLS before the API",
                       "  trusted_proxies: [127.0.0.1]\n  gateway_networks: [10.9.0.0/16]")
        self.start()
        self.assert_problem(self.get(GATEWAY), 403)
        self.assert_problem(self.get(GATEWAY, X_Forwarded_For="10.8.0.1"), 403)
        self.assertEqual(self.get(GATEWAY, X_Forwarded_For="10.9.0.1").status, 200)
        self.assert_problem(self.get(GATEWAY, X_Forwarded_For="10.9.0.1, 10.8.0.1"), 403)
        for i in range(30):
            answer = self.ask("POST", LOGIN, {"email": f"{i}", "password": "12345678"}, X_Forwarded_For=f"10.8.0.{i}")
            self.assert_problem(answer, 401)


class Service(ApiTest):
    def test_an_api_that_cannot_listen_is_an_alert_and_payments_go_on(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.host.environment["API_LISTEN"] = "127.0.0.1:%d" % taken.getsockname()[1]
            self.host.start()
            self.wait_for_decisions(2 * self.orchestrators)
            self.assertIn("api", [alert["id"] for alert in self.host.status()["alerts"]])
        self.assertTrue(self.host.said("the API is not served"))
        self.assertEqual(self.host.stop(), 0)

    def test_it_is_not_served_where_nothing_is_to_listen(self):
        self.host.environment.update(API_LISTEN="none", METRICS_LISTEN="none")
        self.host.start()
        self.host.wait_line("the API is not served: listen.api is none")
        self.assertTrue(self.host.said("metrics are not served: listen.metrics is none"))
        self.wait_for_decisions(self.orchestrators)
        self.assertEqual(self.host.status()["alerts"], [])

    def test_a_file_that_others_can_read_is_not_used(self):
        self.start()
        self.assertEqual(self.host.stop(), 0)
        (self.host.folder / "state" / "access.db").chmod(0o644)
        self.host.start()
        self.assertTrue(self.host.said("only its owner may read"))
        self.wait_for_decisions(1)

    def test_check_refuses_what_is_not_safe_and_a_reload_changes_nothing_of_access(self):
        for change, why in (({"API_LISTEN": "0.0.0.0:0"}, "without TLS"), ({"JWT_SECRET": "short"}, "at least 32"),
                            ({"ADMIN_PASSWORD": "short"}, "at least 8")):
            code, _, err = self.host.run("check", environment={**self.host.environment, **change})
            self.assertEqual(code, 1)
            self.assertIn(why, err)
            self.assertNotIn("short\n", err)
        accepted = {**self.host.environment, "API_LISTEN": "0.0.0.0:0", "API_PLAIN_HTTP": "true"}
        self.assertEqual(self.host.run("check", environment=accepted)[0], 0)
        self.start()
        self.host.edit("  admin_email: ${ADMIN_EMAIL:-admin@system.com}", "  admin_email: other@system.com")
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 1)
        self.assertIn("api cannot change while the host runs", out + err)

    def test_the_host_ends_at_once_while_clients_are_connected(self):
        self.start()
        token = self.log_in()["access_token"]
        idle = socket.create_connection(self.address.split(":"))
        self.addCleanup(idle.close)
        half = socket.create_connection(self.address.split(":"))
        self.addCleanup(half.close)
        half.sendall(f"GET {LIST} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n".encode())
        begun = time.monotonic()
        self.assertEqual(self.host.stop(), 0)
        self.assertLess(time.monotonic() - begun, 10)


class Tls(ApiTest):
    """Certificates as an operator makes them: an authority of one's own, a server's and a client's."""

    orchestrators = 1

    def setUp(self):
        super().setUp()
        self.pem = self.host.folder / "pem"
        self.pem.mkdir()
        self.authority("ca")
        self.certificate("server", "ca", "1")
        self.host.environment.update(API_TLS_CERTIFICATE=str(self.pem / "server.pem"),
                                     API_TLS_KEY=str(self.pem / "server.key"))

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.pem, check=True, capture_output=True)

    def authority(self, name):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def certificate(self, name, authority, serial):
        """Each file is replaced as a whole, the key first."""
        (self.pem / "san").write_text("subjectAltName=IP:127.0.0.1")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", "new.key", "-out", "new.csr")
        self.openssl("x509", "-req", "-in", "new.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-days",
                     "2", "-set_serial", serial, "-extfile", "san", "-out", "new.pem")
        os.replace(self.pem / "new.key", self.pem / f"{name}.key")
        os.replace(self.pem / "new.pem", self.pem / f"{name}.pem")

    def start(self):
        since = len(self.host.lines)
        self.host.start()
        self.address = self.host.wait_line("the API is served at https://", since).split("https://")[1].strip()

    def connect(self, client=None):
        context = ssl.create_default_context(cafile=self.pem / "ca.pem")
        if client:
            context.load_cert_chain(self.pem / f"{client}.pem", self.pem / f"{client}.key")
        connection = http.client.HTTPSConnection(self.address, timeout=30, context=context)
        self.addCleanup(connection.close)
        return connection

    def status_of(self, connection, method="GET", path="/healthz", body=None, **headers):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
        return response.status

    def serial(self):
        connection = self.connect()
        connection.connect()
        return int(connection.sock.getpeercert()["serialNumber"], 16)

    def test_what_is_sent_is_encrypted_and_a_connection_serves_many_requests(self):
        self.start()
        connection = self.connect()
        self.assertEqual([self.status_of(connection) for _ in range(3)], [200] * 3)
        body = json.dumps({"email": ADMIN, "password": PASSWORD})
        self.assertEqual(self.status_of(connection, "POST", LOGIN, body, **{"Content-Type": "application/json"}), 200)
        self.assertEqual(connection.sock.version(), "TLSv1.3")
        self.assertEqual(self.status_of(connection, "POST", LOGIN, b"x" * 70_000), 413)
        with contextlib.closing(http.client.HTTPConnection(self.address, timeout=30)) as plain:
            with self.assertRaises((http.client.HTTPException, ConnectionError)):
                self.status_of(plain)
        old = ssl.create_default_context(cafile=self.pem / "ca.pem")
        with warnings.catch_warnings(action="ignore"):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with contextlib.closing(http.client.HTTPSConnection(self.address, timeout=30, context=old)) as connection:
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                self.status_of(connection)

    def test_events_are_streamed_through_it(self):
        self.start()
        connection = self.connect()
        body = json.dumps({"email": ADMIN, "password": PASSWORD})
        connection.request("POST", LOGIN, body, {"Content-Type": "application/json"})
        token = json.loads(connection.getresponse().read())["access_token"]
        connection.request("GET", "/api/v1/events", headers={"Authorization": "Bearer " + token})
        events = connection.getresponse()
        self.assertEqual(events.status, 200)
        seen = 0
        while seen < 3:
            line = events.readline()
            self.assertNotEqual(line, b"", "the stream ended")
            seen += line == b"event: payment\n"
        events.close()
        self.host.stop()
        self.host.verified()

    def test_a_client_that_never_shakes_hands_holds_up_no_other_and_not_the_end(self):
        self.start()
        host, port = self.address.rsplit(":", 1)
        silent = [socket.create_connection((host, int(port))) for _ in range(20)]
        try:
            self.assertEqual(self.status_of(self.connect()), 200)
            began = time.monotonic()
            self.host.stop()
            self.assertLess(time.monotonic() - began, 10)
        finally:
            for one in silent:
                one.close()

    def test_a_replaced_certificate_is_taken_and_a_broken_one_is_not(self):
        self.start()
        self.assertEqual(self.serial(), 1)
        kept = self.connect()
        self.assertEqual(self.status_of(kept), 200)
        self.certificate("server", "ca", "2")
        wait_for(lambda: self.serial() == 2, "the second certificate")
        self.assertEqual(self.status_of(kept), 200)
        (self.pem / "server.pem").write_text("no certificate\n")
        wait_for(lambda: self.serial() == 2 and self.host.said("the certificate before stays in force: TLS: cannot use the certificate"),
                 "the refusal")
        self.certificate("server", "ca", "3")
        wait_for(lambda: self.serial() == 3, "the third certificate")

    def test_clients_need_a_certificate_where_an_authority_is_named(self):
        self.authority("others")
        self.certificate("friend", "ca", "7")
        self.certificate("stranger", "others", "8")
        self.host.environment["API_TLS_CLIENT_CA"] = str(self.pem / "ca.pem")
        self.start()
        self.assertEqual(self.status_of(self.connect("friend")), 200)
        for client in (None, "stranger"):
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                self.status_of(self.connect(client))

    def test_check_names_what_is_wrong_with_the_files(self):
        self.authority("other")
        for change, what in (({"API_TLS_KEY": ""}, "api.tls_key: got nothing"),
                             ({"API_TLS_CERTIFICATE": ""}, "api.tls_certificate: got nothing"),
                             ({"API_TLS_KEY": str(self.pem / "other.key")}, "other.key: key values mismatch"),
                             ({"API_TLS_CERTIFICATE": str(self.pem / "none.pem")}, "none.pem: "),
                             ({"API_TLS_CLIENT_CA": str(self.pem / "server.key")}, "authorities of clients: ")):
            with self.subTest(change=change):
                code, out, err = self.host.run("check", environment={**self.host.environment, **change})
                self.assertEqual(code, 1)
                self.assertIn(what, out + err)
        self.host.environment["API_LISTEN"] = "0.0.0.0:0"
        code, out, err = self.host.run("check")
        self.assertEqual(code, 0, out + err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
