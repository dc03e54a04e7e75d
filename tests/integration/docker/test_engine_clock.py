"""The clock of a real Docker Engine is set while monitor.so watches it.

dockerd is written in Go, which asks the kernel for the time by itself: neither libfaketime nor a time namespace, which
has no CLOCK_REALTIME, can set the clock of one process of it. So a proxy makes the step: all times of the engine's
answers are moved by what its clock was ahead when they were recorded, and those of the questions back.
"""
import calendar
import email.utils
import re
import sys
import time
import unittest
import urllib.parse

from test_docker import DockerTest, Proxy, SECOND, engines, now

HOUR = 3600
RFC3339 = re.compile(r"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z")


class Stepped(Proxy):
    """The engine as it is with a clock that was set `steps` times: (since when, in true seconds; by how much ahead)."""

    def __init__(self, engine):
        self.steps = [(0.0, 0)]
        super().__init__(engine)

    def set_clock(self, ahead):
        self.steps.append((time.time(), ahead))

    def ahead(self, at):
        return next(ahead for since, ahead in reversed(self.steps) if since <= at)

    def text(self, body):
        def stamp(found):
            whole = calendar.timegm(time.strptime(found[1], "%Y-%m-%dT%H:%M:%S"))
            moved = time.gmtime(whole + self.ahead(whole + float(found[2] or 0)))
            return time.strftime("%Y-%m-%dT%H:%M:%S", moved) + (found[2] or "") + "Z"
        body = RFC3339.sub(stamp, body)
        body = re.sub(r'"(time|Created)":(\d{10})\b',
                      lambda m: f'"{m[1]}":{int(m[2]) + self.ahead(int(m[2]) + 1)}', body)
        return re.sub(r'"timeNano":(\d{19})',
                      lambda m: f'"timeNano":{int(m[1]) + self.ahead(int(m[1]) / SECOND) * SECOND}', body)

    def question(self, target):
        """The target in true time, and what was asked for in the engine's."""
        path, _, query = target.partition("?")
        asked = urllib.parse.parse_qs(query)
        bounds = {name: float(asked[name][0]) for name in ("since", "until") if name in asked}
        offsets = [ahead for _, ahead in self.steps]
        for name, value in bounds.items():
            true = value - (max(offsets) if name == "since" else min(offsets))
            asked[name] = [f"{true:.9f}"]
        return path + ("?" + urllib.parse.urlencode(asked, doseq=True) if query else ""), bounds

    def _serve(self, client):
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                part = client.recv(4096)
                if not part:
                    return
                head += part
            target, bounds = self.question(head.split(b" ", 2)[1].decode())
            connection = engines._UnixConnection(str(self.engine.socket))
            try:
                connection.request("GET", target)
                answer = connection.getresponse()
                date = email.utils.formatdate(time.time() + self.ahead(time.time()), usegmt=True)
                kind = answer.getheader("Content-Type", "text/plain")
                head = f"HTTP/1.1 {answer.status} X\r\nDate: {date}\r\nContent-Type: {kind}\r\nConnection: close\r\n"
                if "/events" not in target:
                    body = self.text(answer.read().decode()).encode()
                    return client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                connection.sock.settimeout(None)
                client.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
                for line in answer:
                    line = self.text(line.decode())
                    at = int(re.search(r'"timeNano":(\d+)', line)[1]) / SECOND
                    if bounds.get("since", 0) <= at <= bounds.get("until", at):
                        client.sendall(f"{len(line.encode()):x}\r\n{line}\r\n".encode())
                client.sendall(b"0\r\n\r\n")
            except OSError:
                pass  # the watch, or the engine, ended first
            finally:
                connection.close()


class EngineClock(DockerTest):
    def test_an_engines_clock_that_is_set_changes_no_verdict_and_no_time(self):
        docker = self.engine()
        docker.run("svc")
        proxy = Stepped(docker)
        self.addCleanup(proxy.close)
        watch = self.watch(proxy.address, ["svc"], every="1s")
        watch.wait("svc", "up", within=10, state="running")
        begun, downs = now(), []
        for ahead in (HOUR, 0, -HOUR, HOUR):
            proxy.set_clock(ahead)
            time.sleep(3)  # looks that show the new clock, and nothing else
            begin = now()
            docker.act("svc", "pause")
            down = watch.wait("svc", "down", after=begin, state="paused", fits=lambda one: one["to"] >= begin)
            self.assert_near(down["from"], begin, slack=1.5)
            docker.act("svc", "unpause")
            up = watch.wait("svc", "up", after=now(), within=3, state="running")
            downs.append((begin, up["said"]))
        # The verdicts at all times, as the seconds before and after each pause have them.
        seen = [one for one in watch.seen if one["said"] >= begun]
        self.assertEqual({one["verdict"] for one in seen}, {"up", "down"})
        for one in seen:
            self.assertLess(abs(one["to"] - one["said"]), 3 * SECOND, one)
            if one["verdict"] == "down":
                self.assertTrue(any(begin - 1.5 * SECOND <= one["from"] and one["to"] <= end for begin, end in downs), one)
        log = watch.close()
        self._cleanups.pop()
        for side in ("ahead of", "behind"):
            self.assertRegex(log, rf"the engine's clock is (3599|3600|3601)\.\d s {side} this machine's")


if __name__ == "__main__":
    reason = engines.why_not()
    if reason is not None:
        print(f"skipped: no Docker Engine can be started here: {reason}", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
