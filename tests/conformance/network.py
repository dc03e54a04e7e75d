"""A gateway and two orchestrators under test, with a worker behind them, and the answers in a form that can be compared."""
import base64
import contextlib
import http.client
import json
import os
import re
import ssl
import subprocess
import time
import urllib.request

from worker import Worker

SECRET = "orch-secret"
RECORDED_WORKER = "19876"  # the worker's port in the recorded answers
MAX_BODY = 3_000_000
SHOWN_BODY = 4000  # longer ones are compared by their beginning and their length

# An account without a reserve (private key 1), and its signatures of its own address and of the text {}{}.
SENDER = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
ADDRESS_SIGNATURE = ("0x2e05f5b96d0c24dde6256c43b4dd51d50979d8a650510a52b1317a95e9eda00d3d716748cd06e78360e29fdfe091e0c6c5a3"
                     "d7ae1fb408d0b746ebdd9fa6382a1c")
JOB_SIGNATURE = ("0x2e2f4e84f14df33ffef8de38e2911b4ddc2d857162ad8414cf4c73a8ce74872b00770fcccf951ac15fcedb734e0b0adcca21913"
                 "810a53ad1476eb72ee1e4237f1b")
JSON = ("Content-Type", "application/json")
AUTHORISED = ("Authorization", SECRET)


def encoded(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def credential(address=SENDER, signature=ADDRESS_SIGNATURE):
    return encoded(json.dumps({"addr": address, "sig": signature}))


def job_header(capability, timeout=20, **fields):
    """The header of a client's job; a field of None is left out."""
    job = {"request": "{}", "parameters": "{}", "capability": capability, "timeout_seconds": timeout, **fields}
    return encoded(json.dumps({name: value for name, value in job.items() if value is not None}))


def signed_header(capability, timeout=20, **fields):
    """The header of a job as a gateway sends it to an orchestrator."""
    return encoded(json.dumps({
        "id": "", "request": "{}", "parameters": "{}", "capability": capability, "capability_url": "", "sender": SENDER,
        "sig": JOB_SIGNATURE, "timeout_seconds": timeout, "OrchSearchTimeout": 1_000_000_000,
        "OrchSearchRespTimeout": 500_000_000, **fields}))


class Network:
    """`devnet` and `era`: the program that is asked, and the network that it plays."""

    def __init__(self, devnet, era):
        self.worker = Worker()
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen(
            [devnet, "-n", "2", "--gateway", "127.0.0.1:0", "--control", "127.0.0.1:0", "--orchestrator-listen",
             "127.0.0.1:0", "--orchestrator-listen", "127.0.0.1:0", "--bare-listeners", "--era", era, "--ready-fd",
             str(write_end)], stdout=subprocess.DEVNULL, pass_fds=[write_end])
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            line = dict(field.split("=", 1) for field in ready.readline().split() if "=" in field)
        with urllib.request.urlopen(line["control"] + "/state", timeout=10) as answer:
            addresses = [one["address"] for one in json.load(answer)["orchestrators"]]
        self.addresses = addresses
        self.gateway_port = int(line["gateway"].rpartition(":")[2])
        self.ports = [int(address.rpartition(":")[2]) for address in addresses]
        self.tls = ssl.create_default_context()
        self.tls.check_hostname = False
        self.tls.verify_mode = ssl.CERT_NONE

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.worker.end()

    # ---- requests; each returns {"status", "headers", "body", "seconds"} or {"error", "seconds"}

    def call(self, port, method, path, headers=(), body=None, tls=True, timeout=40):
        started = time.monotonic()
        try:
            connection = (http.client.HTTPSConnection("127.0.0.1", port, context=self.tls, timeout=timeout) if tls else
                          http.client.HTTPConnection("127.0.0.1", port, timeout=timeout))
            with contextlib.closing(connection):
                connection.putrequest(method, path, skip_accept_encoding=True)
                for name, value in headers:
                    connection.putheader(name, value)
                if body is not None:
                    connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body or None)
                answer = connection.getresponse()
                text = answer.read(MAX_BODY).decode("latin1")
            return {"status": answer.status, "headers": {name.lower(): value for name, value in answer.getheaders()},
                    "body": text, "seconds": time.monotonic() - started}
        except (OSError, http.client.HTTPException) as error:
            return {"error": type(error).__name__, "seconds": time.monotonic() - started}

    def orchestrator(self, method, path, headers=(), body=None, number=0, **options):
        return self.call(self.ports[number], method, path, headers, body, **options)

    def gateway(self, method, path, headers=(), body=None, **options):
        return self.call(self.gateway_port, method, path, headers, body, tls=False, **options)

    def register(self, name, number=0, secret=SECRET, **fields):
        registration = {"name": name, "description": "d", "url": f"http://127.0.0.1:{self.worker.port}", "capacity": 4,
                        "price_per_unit": 0, "price_scaling": 1, "currency": "wei", **fields}
        return self.register_text(json.dumps(registration).encode(), number, secret)

    def register_text(self, text, number=0, secret=SECRET):
        return self.orchestrator("POST", "/capability/register", [("Authorization", secret), JSON], text, number)

    def unregister(self, name):
        return self.orchestrator("POST", "/capability/unregister", [AUTHORISED], name.encode())

    def token(self, capability, number=0, sender=credential()):
        headers = [("Livepeer-Eth-Address", sender)] if sender is not None else []
        headers += [("Livepeer-Capability", capability)] if capability is not None else []
        return self.orchestrator("GET", "/process/token", headers, number=number)

    def job(self, path, header, body=b"{}", headers=(JSON,), **options):
        """By the gateway; `header` of None: none is sent."""
        sent = [("Livepeer", header)] if header is not None else []
        return self.gateway("POST", "/process/request/" + path, sent + list(headers), body, **options)

    def direct(self, path, header, body=b"{}", headers=(JSON,)):
        """By the orchestrator's own route."""
        sent = [("Livepeer", header)] if header is not None else []
        return self.orchestrator("POST", "/process/request/" + path, sent + list(headers), body)

    def received(self):
        """The last request that the worker got."""
        return self.worker.last()

    # ---- comparison

    def scrub(self, text):
        """Without what differs from run to run."""
        named = {self.ports[0]: "O1PORT", self.ports[1]: "O2PORT", self.gateway_port: "GPORT"}
        for port, name in named.items():
            text = re.sub(rf"127\.0\.0\.1:{port}\b", "127.0.0.1:" + name, text)
        text = re.sub(r"127\.0\.0\.1:\d{5}->", "127.0.0.1:EPH->", text)
        text = re.sub(r'"ticket_params":\{.*?\}\},', '"ticket_params":{},', text)
        text = re.sub(r'"(sender_address|recipient|address)":\{[^}]*\}', r'"\1":{}', text)
        return re.sub(r"0x[0-9a-fA-F]{40}\b", "0xADDRESS", text)

    def recorded_worker(self, text):
        return re.sub(rf"127\.0\.0\.1:{self.worker.port}\b", "127.0.0.1:" + RECORDED_WORKER, text)

    def comparable(self, answer):
        if not isinstance(answer, dict) or ("status" not in answer and "error" not in answer):
            return self.scrub(self.recorded_worker(json.dumps(answer)))
        if "error" in answer:
            return {"error": answer["error"]}
        exact = self.recorded_worker(answer["body"])  # the recorded port has as many digits
        body = self.scrub(exact)
        dropped = {"date"} | ({"content-length"} if body != exact else set())
        if len(body) > SHOWN_BODY:
            body = f"{body[:200]}...{len(body)}"
        return {"status": answer["status"], "body": body,
                "headers": {name: self.scrub(self.recorded_worker(value)) for name, value in answer["headers"].items()
                            if name not in dropped}}
