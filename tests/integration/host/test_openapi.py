"""The whole API of a running host, against its own description: schemathesis makes the requests, and judges the answers."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

from network import BUILD, wait_for
from test_api import ApiTest

PACKAGE = "schemathesis==4.32.5"
FOLDER = BUILD / "tests" / "schemathesis"
PROGRAM = FOLDER / "bin" / "schemathesis"
SECONDS = 45

# Requests come from many clients behind one proxy, so that the limits of one client do not hide what is behind them.
# The token is no fixed header: then requests that leave it out are judged as well.
HOOKS = '''
import itertools
import os

import schemathesis

numbers = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(numbers)
    case.headers["X-Forwarded-For"] = f"198.18.{number // 250 % 250}.{number % 250 + 1}"


@schemathesis.auth()
class Token:
    def get(self, case, context):
        return os.environ["API_KEY"]

    def set(self, case, data, context):
        case.headers["Authorization"] = "Bearer " + data
'''

# 503 is an answer of this API, with Retry-After or its reason; any other 5xx is a failure. 413 and 415 refuse a body
# before it is read.
CONFIG = '''
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503"]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "409", "413", "415", "422", "428", "429", "503"]
'''


def installed():
    """Why schemathesis cannot be used; nothing where it can."""
    if PROGRAM.exists() and (FOLDER / "package").exists() and (FOLDER / "package").read_text() == PACKAGE:
        return None
    for command in ([sys.executable, "-m", "venv", "--clear", FOLDER],
                    [FOLDER / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode != 0:
            return (done.stdout + done.stderr)[-2000:]
    (FOLDER / "package").write_text(PACKAGE)
    return None


class Described(ApiTest):
    def test_every_answer_is_as_the_description_says(self):
        if why := installed():
            self.skipTest(f"{PACKAGE} cannot be installed: {why}")
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.host.edit("  # trusted_proxies: [10.0.0.2] ", "  trusted_proxies: [127.0.0.1] # ")
        self.start()
        self.wait_for_decisions(self.orchestrators)
        code, out, err = self.host.run("api-key", "add", "schemathesis", "--role", "admin", "--json")
        self.assertEqual(code, 0, err)
        folder = pathlib.Path(self.host.folder)
        (folder / "hooks.py").write_text(HOOKS)
        (folder / "schemathesis.toml").write_text(CONFIG)
        done = subprocess.run(
            # positive_data_acceptance: no schema can describe what some bodies want, such as a signature over a challenge
            # that was issued, the cursor of an earlier answer, a time that has been, or an amount within a limit of the
            # day. So what fits the schema may still be refused.
            [PROGRAM, "--config-file", folder / "schemathesis.toml", "run", "--checks", "all", "--exclude-checks", "positive_data_acceptance",
             "--phases", "examples,coverage,fuzzing", "--generation-deterministic", "--max-examples", "15",
             "--max-time", str(SECONDS), "--request-timeout", "20", "--continue-on-failure", "--no-color",
             # A stream that ends with its client alone; test_events.py reads it.
             "--exclude-path", "/api/v1/events",
             f"http://{self.address}/api/v1/openapi.json"],
            cwd=folder, capture_output=True, text=True, timeout=SECONDS + 120,
            env={**os.environ, "SCHEMATHESIS_HOOKS": str(folder / "hooks.py"), "API_KEY": json.loads(out)["key"]})
        self.assertEqual(done.returncode, 0, done.stdout[-20000:] + done.stderr[-2000:])
        self.assertIn("Tested: ", done.stdout)
        self.assertIsNone(self.host.process.poll())
        self.assertFalse(self.host.said("the host failed"))
        self.host.stop()
        self.host.verified()


class Examples(ApiTest):
    """The examples of the description are requests that a host answers, with what was made by those before."""

    def test_each_request_that_is_shown_is_answered(self):
        self.start()
        token = self.log_in()["access_token"]
        document = self.get("/api/v1/openapi.json").json()
        shown = {path: operation["requestBody"]["content"]["application/json"].get("example")
                 for path, methods in document["paths"].items() for operation in methods.values() if "requestBody" in operation}
        shown = {path: example for path, example in shown.items() if example is not None}
        self.assertGreater(len(shown), 6)
        first = ["/api/v1/livepeer/orchestrators/register"]
        for path in first + [path for path in shown if path not in first]:
            example = shown[path]
            if "from" in example:  # a time that has been since the orchestrator is there
                begun = self.get("/api/v1/livepeer/orchestrators/orch-1/status", token).json()["connection_started"]
                wait_for(lambda: self.host.decisions()[-1]["decided_at"] > begun, "a decision after its registration")
                example = {**example, "from": begun, "to": self.host.decisions()[-1]["decided_at"]}
            answer = self.ask("POST", path.replace("{id}", "orch-1"), example, token)
            if path.endswith("/pardons"):  # it is understood, and no check has failed
                self.assertIn("nothing to pardon", self.assert_problem(answer, 422))
                continue
            self.assertEqual(answer.status, 200, f"{path}: {answer.body}")
            if path in first:
                listed = "/api/v1/livepeer/orchestrators/orch-1/status"
                wait_for(lambda: self.get(listed, token).status == 200 and self.get(listed, token).json()["status"] == "connected",
                         "an orchestrator that is known to the engine")


if __name__ == "__main__":
    unittest.main()
