"""A worker's own alerts on their way to a receiver: a service that is down, a manager that refuses it."""
import json
import subprocess
import unittest

import test_membership
from test_alerts import Receiver
from worker import STIPEND, wait_for


class Alerts(test_membership.MembershipTest):
    def setUp(self):
        super().setUp()
        self.chat = Receiver()
        self.addCleanup(self.chat.end)
        alerts = {"receivers": [{"name": "chat", "config": {"url": self.chat.url, "timeout": "2s"}}], "group_wait": "10ms"}
        self.edit_worker("\nlisten:\n", "\nalerts: " + json.dumps(alerts) + "\nlisten:\n")

    def command_of_worker(self, *words):
        return subprocess.run([STIPEND, *words, "-c", self.worker.config], env=self.worker.environment, text=True,
                              capture_output=True, timeout=60)

    def test_a_service_that_is_down_and_a_registration_that_is_refused(self):
        self.worker.environment["MANAGER_SECRET"] = "another secret of these tests"
        self.host.start()
        self.worker.start()
        wait_for(lambda: self.chat.alerts("manager-refuses"), "the alert about the registration")
        (refused,) = self.chat.alerts("manager-refuses")
        self.assertEqual((refused["status"], refused["severity"], refused["labels"]["role"]), ("firing", "critical", "worker"))
        self.assertIn("MANAGER_SECRET", refused["body"])
        self.assertNotIn("another secret", json.dumps(self.chat.messages))
        self.service.close()
        wait_for(lambda: self.chat.alerts("service:only"), "the alert about the service")
        self.assertEqual(self.chat.alerts("service:only")[0]["status"], "firing")
        listed = self.command_of_worker("alert", "list", "--json")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertEqual(sorted(one["id"] for one in json.loads(listed.stdout)["active"]), ["manager-refuses", "service:only"])
        self.assertEqual(len(self.chat.alerts("manager-refuses")), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
