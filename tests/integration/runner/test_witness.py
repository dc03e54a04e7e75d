"""The one orchestrator is away: whose fault that is, a witness says."""
import http.server
import pathlib
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "network"), str(HERE.parent / "host")]
from scene import free_port  # noqa: E402
from test_runner import Scene  # noqa: E402


class QuietHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Witnesses(unittest.TestCase):
    def witness(self, port):
        """Answers 501 to everything; what ends it."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), QuietHandler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()

        def end():
            server.shutdown()
            thread.join(timeout=20)
            server.server_close()
        return end

    def test_a_witness_that_is_down_holds_the_check_and_one_that_is_up_fails_it(self):
        port = free_port()
        self.look(port, Scene(self, witness=[f"http://127.0.0.1:{port}/"]))

    def test_the_managers_own_witness_counts_where_the_dispatcher_names_none(self):
        port = free_port()
        scene = Scene(self)
        scene.host.edit("monitors: []", "monitors: [{ name: web, plugin: monitor, id: org.stipend.monitor }]\n"
                        f"witness: ['127.0.0.1:{port}']")
        self.look(port, scene)

    def look(self, port, scene):
        witness = self.witness(port)
        scene.host.start()
        scene.more_decisions(1, tier="excellent")
        witness()
        scene.fault(kind="down")
        since = len(scene.host.lines)
        scene.host.wait_line("this host's network fails: no witness answers; ", since)
        self.assertEqual([line for line in scene.host.decisions() if line["job"] == "failed"], [])
        self.addCleanup(self.witness(port))
        line = scene.more_decisions(1, job="failed")[-1]
        self.assertIn("no answer to discovery", line["reason"])
        scene.fault(kind="none")
        scene.check_recovery(self, time.time())
        scene.end()


if __name__ == "__main__":
    unittest.main(verbosity=2)
