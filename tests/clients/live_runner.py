"""A client of live runners, of the standard library alone: the runner's side and the payer's, as the network's wire format
describes them. It shares nothing with the programs that it is tested against."""
import contextlib
import dataclasses
import json
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request

# An orchestrator signs its own certificate.
UNVERIFIED = ssl._create_unverified_context()
UNITS = {"fixed": "fixed", "seconds": "live", "720p-pixel-seconds": "lv2v"}  # of a price, and the payment's type


class Refused(Exception):
    """An answer that is none of the route's good ones."""

    def __init__(self, what, status, body):
        super().__init__(f"{what}: status {status}: {body[:200]!r}")
        self.status = status
        self.body = body

    def message(self):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return json.loads(self.body)["error"]["message"]
        return self.body.strip()


def send(method, url, body=None, headers=(), timeout=20):
    """Status and text. `body` is a value that is sent as JSON, or None: none is."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, dict(headers), method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=UNVERIFIED) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class Registration:
    """A dynamic runner: beats as often as the orchestrator asks, until it is left."""

    def __init__(self, orchestrator, secret, **runner):
        self.orchestrator, self.orchestrator_secret, self.runner = orchestrator, secret, runner
        self.secret = None
        self.begun = self.beats = 0  # how often it began anew, and how often it was heard
        self.changed = threading.Condition()
        self.leaving = threading.Event()
        self.interval = self.beat()
        self.thread = threading.Thread(target=self._loop)
        self.thread.start()

    def beat(self):
        """One heartbeat, with the whole of the runner in it; the seconds until the next one."""
        status, body = send("POST", f"{self.orchestrator}/runners/heartbeat", self.runner,
                            {"Authorization": self.secret or self.orchestrator_secret})
        if status in (401, 404) and self.secret is not None:
            self.secret = None  # it was forgotten
            return self.beat()
        if status != 200:
            raise Refused("heartbeat", status, body)
        answer = json.loads(body)
        self.runner["runner_id"] = answer["runner_id"]
        with self.changed:
            self.begun += "heartbeat_secret" in answer
            self.beats += 1
            self.changed.notify_all()
        self.secret = answer.get("heartbeat_secret", self.secret)
        return seconds(answer["heartbeat_interval"])

    def _loop(self):
        while not self.leaving.wait(self.interval):
            with contextlib.suppress(Refused, OSError):  # it may restart: the next one tries again
                self.interval = self.beat()

    def wait(self, condition, timeout=60):
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self), timeout):
                raise AssertionError(f"begun {self.begun} times, {self.beats} beats: not what was waited for")

    def leave(self):
        self.leaving.set()
        self.thread.join(timeout=60)
        status, body = send("POST", f"{self.orchestrator}/runners/{self.runner['runner_id']}/unregister", None,
                            {"Authorization": self.secret})
        if status != 204:
            raise Refused("unregister", status, body)


def seconds(text):
    """Of a duration as Go writes it."""
    for unit, factor in (("ms", 0.001), ("s", 1)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise ValueError(f"no duration: {text!r}")


def discover(orchestrator, app):
    """The runners of an app."""
    status, body = send("GET", f"{orchestrator}/discovery")
    if status != 200:
        raise Refused("discovery", status, body)
    return [runner for node in json.loads(body) for runner in node.get("runners", []) if runner["app"] == app]


@dataclasses.dataclass
class Session:
    session_id: str
    app_url: str
    control_url: str

    def call(self, path, body):
        return send("POST", f"{self.app_url}/{path}", body)

    def stop(self):
        status, body = send("POST", f"{self.control_url}/stop")
        if status != 204:
            raise Refused("stop", status, body)


class Payer:
    """Calls runners, and pays by a signer that holds the key. Without a signer it pays nothing."""

    def __init__(self, signer=None):
        self.signer = signer
        self.address = None
        self.payments = 0

    def call(self, runner, path, body, limit=0):
        """A call of a single-shot runner: status and text. At most `limit` wei for each unit of its price are paid."""
        return self._paid(runner, f"{runner['url']}/{path}", body, limit)

    def reserve(self, runner, limit=0):
        status, body = self._paid(runner, runner["url"], {}, limit)
        if status != 200:
            raise Refused("session", status, body)
        answer = json.loads(body)
        return Session(answer["session_id"], answer["app_url"], answer["control_url"])

    def _paid(self, runner, url, body, limit):
        if "price_info" not in runner:
            return send("POST", url, body)
        headers = {"Livepeer-Payer-Address": self._own_address()}
        status, text = send("POST", url, body, headers)
        if status != 402:
            return status, text
        payment = self._pay(runner, json.loads(text), limit)
        headers.update({"Livepeer-Payment": payment["payment"], "Livepeer-Segment": payment["segCreds"]})
        return send("POST", url, body, headers)

    def _own_address(self):
        if self.address is None:
            status, body = send("POST", f"{self.signer}/sign-orchestrator-info")
            if status != 200:
                raise Refused("signer", status, body)
            self.address = json.loads(body)["address"]
        return self.address

    def _pay(self, runner, demand, limit):
        if "payment_params" not in demand:
            raise Refused("payment", 402, json.dumps(demand))
        unit = runner["price_info"]["unit"]
        status, body = send("POST", f"{self.signer}/generate-live-payment", {
            "orchestrator": demand["payment_params"], "ManifestID": demand["manifest_id"], "type": UNITS[unit],
            "app": runner["app"], "maxPrice": {"price": limit, "currency": "wei", "unit": unit}})
        if status != 200:
            raise Refused("payment", status, body)
        self.payments += 1
        return json.loads(body)
