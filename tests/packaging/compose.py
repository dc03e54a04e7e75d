"""The compose files as Compose reads them, and the Dockerfile: names, ports and variables of the deployment that they
succeed, no secret with a default, and nothing that the program would not take. No engine is needed."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

import dockerfile
from composing import COMPOSE, compose, config, why_not, yaml
from installed import BUILD

PROJECT = dockerfile.PROJECT
SKIP = 77
SIGNER_STAGE = -2
PUBLISHED = ("orch-secret", "LivepeerManager2025!Secure")
OWN_NAMES = {"ALLOWED_ENDPOINT_NETWORKS", "API_LISTEN", "API_PLAIN_HTTP", "METRICS_LISTEN", "DISPATCH_EVIDENCE", "PRICE_UNSEEN",
             "MANAGER_PLAIN_HTTP", "MANAGER_SECRET", "ORCHESTRATOR_ID", "ORCHESTRATOR_ENDPOINT",
             "ORCHESTRATOR_PAYOUT_ADDRESS", "ORCHESTRATOR_OWN_SECRET"}
# In a container localhost is the container itself: a listener there is out of reach for all others.
OTHER_DEFAULTS = {"CAPABILITY_URL": "http://livepeer-worker:9876", "SERVER_HOST": "0.0.0.0"}
IN_EVERY_DEBIAN = {"libc6", "libgcc-s1", "libstdc++6", "libtinfo6"}


def old_names():
    source = (PROJECT / "host/config/environment.cpp").read_text()
    names = re.findall(r'^        "([A-Z_]+)",$', source, re.MULTILINE)
    assert len(names) > 30
    return set(names)


def defaults_of(path):
    """The innermost ${NAME:-default} of a configuration file."""
    return dict(re.findall(r"\$\{(\w+):-([^${}]*)\}", (PROJECT / path).read_text()))


class Manager(unittest.TestCase):
    def setUp(self):
        self.service = config("manager")["services"]["payment-distributor"]

    def test_it_has_the_old_names(self):
        self.assertEqual(self.service["container_name"], "payment-distributor")
        self.assertEqual(self.service["networks"]["central-network"]["aliases"], ["central-manager"])
        self.assertEqual(list(config("manager")["services"]), ["payment-distributor"])

    def test_it_is_published_where_the_old_one_was_for_this_machine_only(self):
        self.assertEqual(ports(self.service), {("127.0.0.1", 8010, 8000), ("127.0.0.1", 9108, 9108)})
        opened = config("manager", API_PUBLISHED_ON="0.0.0.0")["services"]["payment-distributor"]
        self.assertIn(("0.0.0.0", 8010, 8000), ports(opened))

    def test_endpoints_of_its_own_network_are_allowed_and_others_are_added(self):
        for given, subnet in (({}, "172.23.0.0/16"), ({"CENTRAL_SUBNET": "10.9.0.0/24"}, "10.9.0.0/24")):
            with self.subTest(subnet):
                for role in ("manager", "worker"):
                    network = config(role, **given)["networks"]["central-network"]
                    self.assertEqual(network["ipam"]["config"], [{"subnet": subnet}])
                added = services("manager", ALLOWED_ENDPOINT_NETWORKS="10.8.0.0/24", **given)["environment"]
                self.assertEqual(added["ALLOWED_ENDPOINT_NETWORKS"], f"{subnet},10.8.0.0/24")
                self.assertEqual(services("manager", **given)["environment"]["ALLOWED_ENDPOINT_NETWORKS"], f"{subnet},")

    def test_it_comes_back_by_itself_and_may_write_nothing_but_its_state(self):
        self.assertEqual(self.service["restart"], "unless-stopped")
        self.assertEqual((self.service["read_only"], self.service["cap_drop"]), (True, ["ALL"]))
        self.assertEqual(targets(self.service), {"/var/lib/stipend": False})


class Worker(unittest.TestCase):
    def setUp(self):
        self.service = config("worker")["services"]["livepeer-worker"]

    def test_it_has_the_old_names(self):
        self.assertEqual(self.service["container_name"], "livepeer-worker")
        self.assertEqual(list(config("worker")["services"]), ["livepeer-worker"])

    def test_it_is_published_where_the_old_one_was_and_its_metrics_on_this_machine_only(self):
        self.assertEqual(ports(self.service), {("", 9876, 9876), ("127.0.0.1", 9109, 9109)})

    def test_it_comes_back_by_itself_and_may_write_nothing_but_its_state(self):
        self.assertEqual(self.service["restart"], "unless-stopped")
        self.assertEqual((self.service["read_only"], self.service["cap_drop"]), (True, ["ALL"]))
        self.assertEqual(targets(self.service), {"/var/lib/stipend": False, "/var/run/docker.sock": True})

    def test_the_group_of_the_engines_socket_has_to_be_named(self):
        self.assertEqual(self.service["group_add"], ["123"])
        done = compose(["worker"], "config", DOCKER_GID="")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("stat -c %g /var/run/docker.sock", done.stderr)


class Signer(unittest.TestCase):
    """Beside the manager: it has the key, and the manager nothing of it but the socket."""

    def setUp(self):
        done = compose(["manager", "signer"], "config", SIGNER_FOLDER="/srv/key")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.all = yaml.safe_load(done.stdout)["services"]
        self.signer, self.manager = self.all["stipend-signer"], self.all["payment-distributor"]

    def test_there_are_two_and_the_image_is_the_signers(self):
        self.assertEqual(sorted(self.all), ["payment-distributor", "stipend-signer"])
        self.assertEqual(self.signer["build"]["target"], "signer")
        self.assertIn(("FROM", "debian:bookworm-slim AS signer"), dockerfile.stages()[SIGNER_STAGE])

    def test_it_reaches_nothing_and_writes_its_state_and_its_socket_alone(self):
        self.assertEqual(self.signer["network_mode"], "none")
        self.assertNotIn("ports", self.signer)
        self.assertEqual((self.signer["read_only"], self.signer["cap_drop"]), (True, ["ALL"]))
        self.assertEqual(self.signer["security_opt"], ["no-new-privileges:true"])
        self.assertEqual(targets(self.signer), {"/etc/stipend-signer": True, "/var/lib/stipend-signer": False,
                                                "/run/stipend-signer": False})
        self.assertEqual({name: int(limit) for name, limit in self.signer["ulimits"].items()}, {"memlock": -1, "core": 0})

    def test_the_manager_has_the_socket_and_no_key(self):
        self.assertEqual(targets(self.manager), {"/var/lib/stipend": False, "/run/stipend-signer": True})
        self.assertNotIn("/srv/key", str(self.manager))
        ids = dict(re.findall(r"--uid (\d+) .*? ([a-z-]+) (?=&&)", dockerfile.runtime("RUN", SIGNER_STAGE)[0]))
        self.assertEqual(ids, {"990": "stipend", "991": "stipend-signer"})
        self.assertEqual(self.manager["group_add"], ["991"])
        self.assertIn("--uid 990 ", dockerfile.runtime("RUN")[0])

    def test_its_image_runs_as_its_own_user_what_the_program_takes(self):
        self.assertEqual(dockerfile.runtime("USER", SIGNER_STAGE), ["stipend-signer"])
        command = [*dockerfile.words(dockerfile.runtime("ENTRYPOINT", SIGNER_STAGE)[0]),
                   *dockerfile.words(dockerfile.runtime("CMD", SIGNER_STAGE)[0])]
        self.assertEqual(command[0], "stipend-signer")
        done = subprocess.run([BUILD / "bin/stipend-signer", *command[1:], "--help"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_its_image_has_the_packages_that_it_needs_and_no_others(self):
        self.assertEqual(installed_in(SIGNER_STAGE), packages_of([BUILD / "bin/stipend-signer"]))


class Variables(unittest.TestCase):
    def setUp(self):
        self.given = {name: services(name) for name in ("manager", "worker")}

    def test_every_old_name_is_handed_on_and_no_unknown_one(self):
        names = set().union(*(service["environment"] for service in self.given.values()))
        self.assertEqual(names, old_names() | OWN_NAMES)

    def test_a_default_is_the_configurations_own(self):
        for role, path in (("manager", "config.yaml"), ("worker", "packaging/worker.yaml")):
            defaults = {**defaults_of(path), **OTHER_DEFAULTS}
            for name, value in self.given[role]["environment"].items():
                if value is None or name in OWN_NAMES:
                    continue
                with self.subTest(role=role, name=name):
                    self.assertEqual(value, defaults[name])

    def test_no_secret_has_a_default(self):
        for role, service in self.given.items():
            for name, value in service["environment"].items():
                if name.endswith(("SECRET", "PASSWORD")):
                    self.assertIsNone(value, f"{role}: {name}")
            self.assertFalse([one for one in PUBLISHED if one in str(config(role))])

    def test_a_secret_of_the_shell_is_handed_on(self):
        self.assertEqual(services("worker", ORCH_SECRET="mine")["environment"]["ORCH_SECRET"], "mine")
        given = {"MANAGER_URL": "http://central-manager:8000", "MANAGER_PLAIN_HTTP": "true", "MANAGER_SECRET": "theirs",
                 "ORCHESTRATOR_ENDPOINT": "https://172.23.0.7:9995", "ORCHESTRATOR_PAYOUT_ADDRESS": "0x" + "a" * 40}
        self.assertLessEqual(given.items(), services("worker", **given)["environment"].items())

    def test_the_orchestrators_secret_is_not_the_managers(self):
        """ORCHESTRATOR_SECRET has two meanings in the two files; the worker sends it to no manager."""
        worker = (PROJECT / "packaging/worker.yaml").read_text()
        self.assertIn("secret: ${ORCH_SECRET:-${ORCHESTRATOR_SECRET:-orch-secret}}", worker)
        self.assertIn("  secret: ${MANAGER_SECRET:-}\n", worker)


class Image(unittest.TestCase):
    def test_what_is_started_is_taken_by_the_program(self):
        entry = dockerfile.words(dockerfile.runtime("ENTRYPOINT")[0])
        commands = [[*entry, *dockerfile.words(dockerfile.runtime("CMD")[0])],
                    [*entry, *services("worker")["command"]],
                    dockerfile.words(dockerfile.runtime("HEALTHCHECK")[0]),
                    services("worker")["healthcheck"]["test"][1:]]
        for program, *rest in commands:
            with self.subTest(command=rest):
                self.assertEqual(program, "stipend")
                done = subprocess.run([BUILD / "bin/stipend", *rest, "--help"], capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_it_does_not_run_as_root_and_keeps_its_state_in_a_volume(self):
        self.assertEqual(dockerfile.runtime("USER"), ["stipend"])
        self.assertEqual(dockerfile.runtime("VOLUME"), ["/var/lib/stipend"])
        self.assertEqual(dockerfile.runtime("ENV"), ["STATE_DIRECTORY=/var/lib/stipend"])

    def test_it_installs_the_packages_that_the_program_needs_and_no_others(self):
        programs = [BUILD / "bin" / name for name in
                    ("stipend", "stipend-plugin", "stipend-probe", "stipend-jobs", "stipend-devnet", "stipend-flow", "stipend-verify")]
        files = [*programs, *(BUILD / "lib/stipend/plugins").glob("*.so")]
        self.assertEqual(installed_in(-1) - {"ca-certificates", "tzdata"}, packages_of(files))

    def test_what_it_is_built_from_is_not_ignored(self):
        ignored = (PROJECT / ".dockerignore").read_text().split("\n")
        top = re.findall(r"^add_subdirectory\((\w+)\)", (PROJECT / "CMakeLists.txt").read_text(), re.MULTILINE)
        for name in (*top, "cmake", "dev", "config.yaml", "CMakeLists.txt", "CMakePresets.json"):
            self.assertIn("!" + name, ignored)


def installed_in(stage):
    return set(re.search(r"--no-install-recommends (.*?) &&", dockerfile.runtime("RUN", stage)[0]).group(1).split())


def packages_of(files):
    """The packages of the libraries that these programs and plugins name, without what each system has."""
    wanted = set()
    for file in files:
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", file))
        found = dict(re.findall(r"^\s*(\S+) => (/\S+)", output("ldd", file), re.MULTILINE))
        for path in {found[name] for name in needed if name in found}:
            owner = output("dpkg", "-S", f"*/{pathlib.Path(path).name}", os.path.realpath(path))
            wanted |= {line.split(":")[0] for line in owner.splitlines() if re.search(r": (/usr)?/lib/", line)
                       and "-dev" not in line}
    return {one for one in wanted if not one.endswith("-dbg")} - IN_EVERY_DEBIAN - sanitizers(wanted)


def sanitizers(packages):
    return {one for one in packages if one.startswith(("libasan", "libubsan", "libtsan"))}


def output(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    return done.stdout


def services(role, **environment):
    name = {"manager": "payment-distributor", "worker": "livepeer-worker"}[role]
    return config(role, **environment)["services"][name]


def ports(service):
    """{(address, published, target)}: Compose writes a port as a text or as a mapping, by its version."""
    out = set()
    for port in service["ports"]:
        if isinstance(port, dict):
            out.add((port.get("host_ip", ""), int(port["published"]), int(port["target"])))
        else:
            *address, published, target = port.removesuffix("/tcp").split(":")
            out.add((":".join(address), int(published), int(target)))
    return out


def targets(service):
    """What is mounted where: whether it is read-only, by its place."""
    out = {}
    for volume in service["volumes"]:
        if isinstance(volume, dict):
            out[volume["target"]] = volume.get("read_only", False)
        else:
            _, target, *mode = volume.split(":")
            out[target] = mode == ["ro"]
    return out


if __name__ == "__main__":
    reason = why_not()
    if reason is not None:
        print(f"skipped: {reason}")
        sys.exit(SKIP)
    print("with", " ".join(COMPOSE))
    unittest.main(verbosity=2)
