"""monitor.so watches the containers of a real Podman by its socket, which speaks the Docker Engine's API in its own way."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import engine as engines  # noqa: E402
from test_docker import Watch, now  # noqa: E402

STORE = ("--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file")


class Podman(engines.Engine):
    """`podman system service`, with its socket, images and containers in a folder that goes away."""

    def options(self):
        return ["podman", "--root", str(self.folder / "data"), "--runroot", str(self.folder / "exec"),
                "--tmpdir", str(self.folder / "tmp"), *STORE]

    def environment(self):
        # By itself Podman asks for more descriptors than this process may allow.
        conf = self.folder / "containers.conf"
        conf.write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n')
        return {**os.environ, "CONTAINERS_CONF": str(conf)}

    def start(self):
        command = [*self.options(), "system", "service", "--time=0", self.address]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment(), start_new_session=True)
        engines.wait_for(self._answers, "a Podman that answers")

    def _make_image(self):
        tree = self.folder / "image"
        (tree / "bin").mkdir(parents=True)
        shutil.copy(engines.BUSYBOX, tree / "bin" / "busybox")
        for applet in engines.APPLETS:
            (tree / "bin" / applet).symlink_to("busybox")
        archive = self.folder / "image.tar"
        subprocess.run(["tar", "-C", tree, "-cf", archive, "."], check=True, timeout=engines.PATIENCE)
        done = subprocess.run([*self.options(), "import", str(archive), "docker.io/library/" + engines.IMAGE],
                              capture_output=True, text=True, env=self.environment(), timeout=engines.PATIENCE)
        assert done.returncode == 0, done.stderr


class Events(unittest.TestCase):
    def setUp(self):
        self.podman = Podman()
        self.addCleanup(self.podman.close)

    def watch(self, targets, **config):
        watch = Watch(self.podman.address, targets, **config)
        self.addCleanup(watch.close)
        return watch

    def change(self, watch, verdict, action, target, **evidence):
        begin = now()
        action()
        return watch.wait(target, verdict, after=begin, fits=lambda one: one["to"] >= begin, within=5, **evidence)

    def test_what_happens_to_a_container_is_told_by_its_events(self):
        podman = self.podman
        podman.run("svc")
        # An interval so long that only the event stream can report it.
        watch = self.watch(["svc"], every="60s")
        watch.wait("svc", "up", within=10, state="running")
        self.change(watch, "down", lambda: podman.act("svc", "pause"), "svc", state="paused")
        self.change(watch, "up", lambda: podman.act("svc", "unpause"), "svc", state="running")
        self.change(watch, "down", lambda: podman.act("svc", "kill"), "svc", state="exited")
        self.change(watch, "up", lambda: podman.act("svc", "start"), "svc", state="running")
        self.change(watch, "down", lambda: podman.remove("svc"), "svc")
        self.change(watch, "up", lambda: podman.run("svc"), "svc", state="running")

    def test_labels_choose_a_service_and_may_be_named_as_an_events_own_attributes(self):
        podman = self.podman
        odd = {"name": "other", "image": "no", "exitCode": "x",
               "com.docker.compose.project": "net", "com.docker.compose.service": "redis"}
        podman.run("net_redis_1", labels=odd)
        podman.run("bystander" + "x" * 200, labels={"name": "svc"})
        podman.run("svc")
        watch = self.watch(["svc", "redis=docker:compose:net/redis"], every="60s")
        for name in ("svc", "redis"):
            watch.wait(name, "up", within=10, state="running")
        self.change(watch, "down", lambda: podman.act("net_redis_1", "kill"), "redis", state="exited")
        self.change(watch, "up", lambda: podman.act("net_redis_1", "start"), "redis", state="running")
        begin = now()
        podman.act("bystander" + "x" * 200, "kill")
        self.change(watch, "down", lambda: podman.act("svc", "kill"), "svc", state="exited")
        seen = [one for one in watch.seen if one["to"] >= begin and one["target"] == "redis"]
        self.assertEqual([one for one in seen if one["verdict"] != "up"], [])

    def test_what_happened_while_the_service_was_away_is_known_by_the_look_after_it(self):
        podman = self.podman
        podman.run("svc")
        watch = self.watch(["svc"], every="2s", timeout="20s")  # Podman starts programs for a version
        watch.wait("svc", "up", within=10, state="running")
        begin = now()
        podman.stop()
        watch.wait("svc", "unknown", after=begin, within=10)
        podman.start()
        podman.act("svc", "kill")
        watch.wait("svc", "down", after=begin, within=30, state="exited")


if __name__ == "__main__":
    why = "podman is not installed (Debian: podman)" if shutil.which("podman") is None else engines.why_not()
    if why is not None:
        print(f"skipped: {why}", file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
