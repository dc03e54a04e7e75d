"""The whole way by live runners: real containers, the worker that registers itself, an orchestrator, and the manager that
pays by what was measured, by signed evidence only."""
import contextlib
import pathlib
import re
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / name) for name in ("worker", "network", "host")] + [str(HERE.parent)]
from worker import SEVEN, Worker  # noqa: E402
import engine as engines  # noqa: E402
from network import wait_for  # noqa: E402
from test_runner import Scene  # noqa: E402

TABLE = """      table: prompt
      tables:
        prompt:
          - { tier: excellent, above: 95, multiplier: 1.2 }
          - { tier: good, at_least: 80, multiplier: 1.0 }
          - { tier: warning, at_least: 60, multiplier: 0.7 }
          - { tier: poor, at_least: 40, multiplier: 0.3 }
          - { tier: critical, above: 0, multiplier: 0.1 }
          - { tier: offline, at_least: 0, multiplier: 0 }"""


class Containers(unittest.TestCase):
    def test_what_the_containers_do_is_what_is_paid(self):
        engine = engines.Engine()
        self.addCleanup(engine.close)
        for name in SEVEN:
            engine.run(name)
        scene = Scene(self, "--bare-listeners", evidence="signed")
        worker = Worker(engine.address, scene.orchestrator, SEVEN, orchestrator_id="orch-1")
        self.addCleanup(worker.end)
        text = worker.config.read_text()
        for old, new in (("  plugin: byoc\n  id: org.stipend.byoc.worker\n",
                          "  plugin: runner\n  id: org.stipend.runner.worker\n"), ("    capability:", "    app:")):
            assert old in text
            text = text.replace(old, new)
        worker.config.write_text(re.sub(r"(?m)^    (description|price_per_unit|price_scaling): .*\n", "", text))
        worker.start()
        wait_for(lambda: worker.said("registered agent-net with " + scene.orchestrator), "the registration")
        key = worker.get("/service-status")["worker_key"]
        scene.host.edit("id: orch-1", f'id: orch-1, worker_key: "{key}"')
        text = scene.host.config.read_text()
        begin = text.index("      table: prompt")
        end = text.index("multiplier: 0 }", begin) + len("multiplier: 0 }")
        scene.host.config.write_text(text[:begin] + TABLE + text[end:])
        scene.host.start()
        scene.more_decisions(1, tier="excellent", uptime_percent=100, amount_usd="12")
        for name in SEVEN[:2]:
            engine.act(name, "kill")
        scene.more_decisions(1, tier="warning", uptime_percent=71.4285, amount_usd="7")
        for name in SEVEN[2:5]:
            engine.act(name, "pause")
        scene.more_decisions(1, tier="critical", uptime_percent=28.5714, amount_usd="1")
        for name in SEVEN[:2]:
            engine.act(name, "start")
        for name in SEVEN[2:5]:
            engine.act(name, "unpause")
        scene.more_decisions(1, tier="excellent", uptime_percent=100)
        worker.end_process(kill=True)
        scene.more_decisions(1, tier="offline", job="failed")
        worker.start()
        wait_for(lambda: self.answers(worker), "a worker that answers")
        scene.check_recovery(self, time.time())
        scene.more_decisions(1, tier="excellent", job="ok")
        scene.end()

    def answers(self, worker):
        with contextlib.suppress(OSError):
            return worker.get("/service-status")
        return None


if __name__ == "__main__":
    reason = engines.why_not()
    if reason is not None:
        print("skipped:", reason)
        sys.exit(77)
    unittest.main(verbosity=2)
