"""Jobs by the public Python client of the network, sent to the soak's orchestrators that charge nothing."""
import json
import pathlib
import queue
import subprocess
import sys
import threading
import time

CLIENTS = pathlib.Path(__file__).resolve().parents[1] / "clients"
sys.path.append(str(CLIENTS))

from environment import Environment  # noqa: E402
from net_scene import HOST  # noqa: E402
from network import BUILD  # noqa: E402

MARGIN = 1.0  # seconds around a job in which its orchestrator has to be well too


class Client:
    """One job at a time; its answers are judged at the end, when all that was true is written down."""

    def __init__(self, nets):
        environment = Environment(BUILD)
        environment.make()
        self.targets = [(net, one) for net in nets for one in net.orchestrators if not one.priced]
        command = environment.command(CLIENTS / "gateway_jobs.py", nets[0].folder / "0") + ["--host", HOST]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        assert "ready" in json.loads(self.lines.get(timeout=60)), "the client does not start"
        self.answers = []
        self.asked = []
        self.sent = self.ok = 0

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def turn(self):
        """Takes what was answered; sends the next one where none is under way."""
        self._collect()
        if self.asked:
            return
        net, one = self.targets[self.sent % len(self.targets)]
        order = {"orchestrators": [one.address], "capability": "agent-net", "timeout": 20,
                 "payload": {"agent_id": "a client", "window_seconds": 5}}
        print(json.dumps(order), file=self.process.stdin, flush=True)
        self.asked.append((net, one))
        self.sent += 1

    def _collect(self):
        while not self.lines.empty():
            self.answers.append((*self.asked.pop(0), json.loads(self.lines.get())))

    def check(self):
        """A job at an orchestrator that is well and free is answered by its worker."""
        end = time.monotonic() + 30
        while self.asked and time.monotonic() < end:
            self._collect()
            time.sleep(0.1)
        for net, one, answer in self.answers:
            if answer.get("status") == 200 and answer["data"].get("agent_id") == "a client":
                self.ok += 1
                continue
            start, end = answer["at"] - MARGIN, answer["until"] + MARGIN
            excuses = one.truth.unwell + one.truth.away + one.truth.charging
            if not any(span.meets(start, end) for span in excuses):
                net.violation(one, answer["at"], f"the client's job is not answered: {answer}")
        if self.asked:
            self.asked[0][0].violation(self.asked[0][1], time.time(), "the client's job is never answered")

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=20)
