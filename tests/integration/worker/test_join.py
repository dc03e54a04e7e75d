"""`stipend worker join`: from an invitation to pay, what it refuses, and what it does when it is ended and begun again."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import unittest

from test_membership import PAYOUT, MembershipTest
from network import PROJECT
from worker import STIPEND, free_port, wait_for

TOKEN = r"^sti_[0-9a-f]{16}_[0-9a-f]{80}$"


class JoinTest(MembershipTest):
    """The worker has no configuration yet, and the manager takes no newcomers by a common secret."""

    def devnet_options(self):
        self.certificates = pathlib.Path(tempfile.mkdtemp(prefix="stipend-join-"))
        self.addCleanup(shutil.rmtree, self.certificates, ignore_errors=True)
        return ("--certificate-dir", self.certificates)

    def setUp(self):
        super().setUp()
        del self.host.environment["ORCHESTRATOR_SECRET"]
        for name in [name for name in self.worker.environment if name.startswith(("MANAGER_", "ORCHESTRATOR_"))]:
            del self.worker.environment[name]
        self.url = f"http://{self.api}"
        self.listen = f"127.0.0.1:{free_port()}"
        self.state = self.worker.folder / "joined"
        self.config = self.worker.folder / "joined.yaml"
        self.token_file = self.private("token", "")
        self.secret_file_of_orchestrator = self.private("secret", "orch-secret\n")

    def private(self, name, text):
        file = self.worker.folder / name
        file.write_text(text)
        file.chmod(0o600)
        return file

    def invite(self, *options):
        made = self.command("invite", "--manager-url", self.url, *options)
        self.assertRegex(made["token"], TOKEN)
        self.token_file.write_text(made["token"] + "\n")
        return made

    def words(self, *options, **changed):
        words = {"--token-file": self.token_file, "--endpoint": self.endpoint, "--payout-address": PAYOUT,
                 "--orchestrator": self.endpoint, "--orchestrator-secret-file": self.secret_file_of_orchestrator,
                 "--orchestrator-cert": self.certificates / "0" / "cert.pem", "--id": "orch-1", "--config": self.config,
                 "--state": self.state, "--plugins": self.worker.folder / "plugins", "--listen": self.listen, "--metrics": "127.0.0.1:0",
                 "--watch": "only=tcp://127.0.0.1:%d" % self.service.getsockname()[1], "--wait": "0s",
                 **{"--" + name.replace("_", "-"): value for name, value in changed.items()}}
        return [STIPEND, "worker", "join", words.pop("--url", self.url),
                *(str(part) for pair in words.items() if pair[1] is not None for part in pair), *options]

    def join_(self, *options, stdin="", **changed):
        return subprocess.run(self.words(*options, **changed), env=self.worker.environment, text=True, input=stdin,
                              capture_output=True, timeout=120)

    def joined(self, status, *options, **changed):
        done = self.join_("--json", *options, **changed)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def refused(self, why, status=1, **changed):
        done = self.join_(**changed)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(why, done.stderr)
        return done

    def listed(self):
        return self.command("list")["registrations"]

    def states(self):
        return [one["state"] for one in self.command("invitations")]


class Joins(JoinTest):
    def test_from_an_invitation_to_its_pay(self):
        self.host.start()
        made = self.invite("--approve", "--expires-in", "1h")
        self.assertEqual(made["command"], f"stipend worker join {self.url} --token-file FILE")
        self.assertEqual((made["invitation"]["state"], made["invitation"]["approve"]), ("open", True))
        planned = self.joined(0, "--dry-run")
        self.assertEqual((self.config.exists(), self.state.exists(), self.states()), (False, False, ["open"]))

        found = self.joined(0)
        self.assertEqual((found["state"], found["orchestrator_id"]), ("approved", "orch-1"))
        self.assertEqual([one["step"] for one in found["steps"]],
                         ["invitation", "files", "config", "registered", "proof", "endpoint", "approval", "start"])
        self.assertEqual(found["command"], f"stipend run -c {self.config}")
        self.assertEqual(self.config.read_text(), planned["plan"])
        self.assertEqual(self.state.stat().st_mode & 0o777, 0o700)
        kept = [file for file in self.state.iterdir() if file.name != "join.lock"]  # of a process
        self.assertEqual(len(kept), 3)
        for file in kept:
            self.assertEqual(file.stat().st_mode & 0o777, 0o600, file)
        # Of root, the service reads it as another user.
        self.assertEqual(self.config.stat().st_mode & 0o777, 0o644 if os.geteuid() == 0 else 0o600)
        self.assertEqual(self.states(), ["used"])
        self.assertEqual([(one["state"], one["worker_key"], one["endpoint"], one["eth_address"]) for one in self.listed()],
                         [("approved", found["worker_key"], self.endpoint, PAYOUT)])

        # The worker that this wrote answers its orchestrator, signs with that key, and is paid.
        self.worker.config = self.config
        self.worker.url = f"http://{self.listen}"
        self.worker.port = int(self.listen.split(":")[1])
        self.worker.start()
        self.assertEqual(self.worker.get("/service-status")["worker_key"], found["worker_key"])
        wait_for(lambda: len(self.paid()) >= 3, "pay for what it signed")
        self.assertEqual(self.wait_state("approved")["orchestrator_id"], "orch-1")
        # The same command again changes nothing, without the invitation as well.
        for changed in ({}, {"token_file": None}):
            again = self.joined(0, **changed)
            self.assertIn("as it was", again["steps"][-6]["result"])
            self.assertEqual((again["state"], again["worker_key"]), ("approved", found["worker_key"]))
        self.assertEqual(len(self.listed()), 1)
        secret = json.loads(next(self.state.glob("manager-secret-*.json")).read_text())["secret"]
        for text in (secret, made["token"], "orch-secret"):
            self.assertFalse(self.host.said(text))
            self.assertFalse(self.worker.said(text))
            self.assertNotIn(text, self.config.read_text())
        for file in (self.host.folder / "state").glob("registry.db*"):
            self.assertNotIn(made["token"].encode(), file.read_bytes())
        self.assertEqual(self.worker.end_process(kill=False), 0)
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()

    def test_an_administrator_approves_what_waits(self):
        self.host.start()
        made = self.invite()
        self.assertEqual(self.joined(4)["state"], "unapproved")
        self.assertEqual(self.listed()[0]["state"], "unapproved")
        # It goes on while the command waits.
        with subprocess.Popen(self.words(wait="60s"), env=self.worker.environment, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE) as waiting:
            for line in waiting.stdout:
                if "waits for an administrator" in line:
                    self.command("approve", "orch-1")
                    break
            rest = waiting.stdout.read()
            self.assertEqual(waiting.wait(timeout=60), 0)
        self.assertIn("approved", rest)
        code, _, err = self.host.run("orchestrator", "revoke-invitation", made["invitation"]["id"])
        self.assertEqual(code, 1)
        self.assertIn("it was used by orch-1", err)

    def test_the_terms_of_an_invitation_are_those_of_the_pay(self):
        self.host.edit("capabilities: {}", "capabilities: { agent-net: { base: 0.50 USD } }")
        self.host.start()
        code, _, err = self.host.run("orchestrator", "invite", "--manager-url", self.url, "--capability", "unknown")
        self.assertEqual(code, 1)
        self.assertIn('got "unknown", want one of `capabilities`', err)
        code, _, err = self.host.run("orchestrator", "invite", "--manager-url", self.url, "--network", "unknown")
        self.assertEqual(code, 1)
        self.assertIn('got "unknown", want one of `networks`', err)
        self.invite("--approve", "--capability", "agent-net")
        self.refused("the invitation is for agent-net", capability="other")
        self.joined(0)
        wait_for(lambda: [one for one in self.host.decisions() if one["orchestrator"] == "orch-1"], "a decision")


class Refused(JoinTest):
    def test_what_is_wrong_is_said_before_anything_is_written(self):
        self.refused("no manager answers at", token_file=self.private("other", self.token_of_nobody() + "\n"))
        self.host.start()
        self.refused("does not know it", token_file=self.worker.folder / "other")
        made = self.invite("--expires-in", "1m")
        self.refused("begins with sti_", token_file=self.private("half", made["token"][:-1]))
        self.refused("want https://, or http:// to this machine", status=2, url="http://192.0.2.7:8010")
        self.refused("was made for another address", url=f"http://localhost:{self.api.split(':')[1]}")
        self.refused("payout_address", status=2, payout_address="0x12")
        self.refused("printable ASCII without $", status=2, id="${HOME}")
        self.refused("no file", token_file=self.worker.folder / "none")
        self.token_file.chmod(0o644)
        self.refused("only its owner may read")
        self.token_file.chmod(0o600)
        self.config.write_text("role: worker\n")
        self.refused("this command did not write it")
        self.assertEqual(self.config.read_text(), "role: worker\n")
        self.config.unlink()
        self.command("revoke-invitation", made["invitation"]["id"])
        self.refused("the invitation is revoked")
        self.assertEqual((self.config.exists(), self.state.exists(), self.listed()), (False, False, []))

    def token_of_nobody(self):
        self.host.start()
        token = self.invite()["token"]
        self.assertEqual(self.host.stop(), 0)
        for file in (self.host.folder / "state").glob("registry.db*"):
            file.unlink()
        return token

    def test_a_used_one_a_taken_endpoint_and_an_edited_file(self):
        self.host.start()
        first = self.invite()["token"]
        self.joined(4)
        other = {"state": self.worker.folder / "joined-2", "config": self.worker.folder / "joined-2.yaml", "id": "orch-2"}
        self.refused("was used already, by orch-1", **other)
        self.assertFalse(other["state"].exists())
        self.invite()
        self.refused("another orchestrator has the endpoint already", **other)
        self.assertEqual(sorted(self.states()), ["open", "used"])
        self.token_file.write_text(first + "\n")
        text = self.config.read_text() + "# mine\n"
        self.config.write_text(text)
        self.assertIn("left as it is", self.joined(4)["steps"][2]["result"])
        self.assertEqual(self.config.read_text(), text)

    def test_the_file_of_the_installation_makes_way_unless_it_was_edited(self):
        self.host.start()
        self.invite()
        packaged = (PROJECT / "packaging" / "worker.yaml").read_text().replace(
            "${STATE_DIRECTORY:-./var}", "${STATE_DIRECTORY:-/var/lib/stipend-worker}")
        self.config.write_text(packaged + "# mine\n")
        self.refused("this command did not write it")
        self.assertEqual(self.config.read_text(), packaged + "# mine\n")
        self.config.write_text(packaged)
        self.joined(4)
        self.assertEqual(self.config.with_name(self.config.name + ".packaged").read_text(), packaged)
        self.assertIn("Written by `stipend worker join`", self.config.read_text())

    def test_an_endpoint_that_the_manager_does_not_reach(self):
        self.host.start()
        self.invite("--approve")
        endpoint = f"https://127.0.0.1:{free_port()}"
        self.refused(f"the manager does not reach {endpoint}", endpoint=endpoint)
        found = self.joined(1, endpoint=endpoint)
        self.assertIn(f"the manager does not reach {endpoint}", found["error"])
        self.assertEqual(found["steps"][-1]["step"], "proof")

    def test_one_that_has_expired(self):
        self.host.start()
        made = self.invite()
        with contextlib.closing(sqlite3.connect(self.host.folder / "state" / "registry.db")) as registry, registry:
            registry.execute("UPDATE invitation SET expires_at = made_at + 1")
        self.assertEqual(self.states(), ["expired"])
        self.refused("the invitation has expired at")
        self.assertFalse(self.state.exists())
        self.assertFalse(self.host.said(made["token"]))

    def test_an_id_that_another_has(self):
        self.host.start()
        self.invite()
        self.joined(4)
        self.invite()
        other = {"state": self.worker.folder / "joined-2", "config": self.worker.folder / "joined-2.yaml"}
        self.refused("this id is registered: only its own secret, or an administrator, changes it", **other)
        self.assertEqual(sorted(self.states()), ["open", "used"])
        # A manager that has lost its registrations takes the same worker by a new invitation.
        self.assertEqual(self.host.stop(), 0)
        for file in (self.host.folder / "state").glob("registry.db*"):
            file.unlink()
        self.host.start()
        self.refused("does not know orch-1", token_file=None)
        self.invite()
        self.joined(4)
        self.assertEqual(len(self.listed()), 1)

    def test_a_manager_with_a_certificate_that_is_not_trusted(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-keyout", self.worker.folder / "api.key", "-out", self.worker.folder / "api.pem", "-subj", "/CN=manager",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        self.host.environment.update(API_TLS_CERTIFICATE=str(self.worker.folder / "api.pem"),
                                     API_TLS_KEY=str(self.worker.folder / "api.key"))
        self.host.start()
        self.url = f"https://{self.api}"
        token = self.invite("--approve")["token"]
        done = self.refused("certificate")
        self.assertIn("--ca FILE names the authorities that are trusted", done.stderr)
        self.assertFalse(self.state.exists())
        self.assertEqual(self.joined(0, ca=self.worker.folder / "api.pem", token_file="-", stdin=token + "\n")["state"], "approved")
        self.assertIn("https://", self.config.read_text().split("manager:")[1])


class Resumes(JoinTest):
    def ended_after(self, step):
        """Kills the command once it has printed that step."""
        with subprocess.Popen(self.words(wait="60s"), env=self.worker.environment, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE) as process:
            for line in process.stdout:
                if line.startswith(step):
                    process.kill()
                    break
            else:
                self.fail(f"no step {step}")
        file = next(self.state.glob("manager-secret-*.json"), None)
        return json.loads(file.read_text()) if file else None

    def test_it_goes_on_after_each_step(self):
        self.host.start()
        self.invite()
        for step in ("invitation", "files", "config", "registered", "proof", "endpoint", "approval"):
            with self.subTest(step=step):
                before = self.ended_after(step)
        self.command("approve", "orch-1")
        found = self.joined(0)
        self.assertEqual(found["state"], "approved")
        after = json.loads(next(self.state.glob("manager-secret-*.json")).read_text())
        self.assertEqual(after, before)
        self.assertEqual([one["worker_key"] for one in self.listed()], [found["worker_key"]])

    def test_an_answer_that_is_lost(self):
        """The manager has registered it, and the worker does not know."""
        self.host.start()
        proxy = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(proxy.close)
        url = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        threading.Thread(target=self.lose_answers, args=(proxy,), daemon=True).start()
        self.url = url
        self.invite("--approve")
        self.refused("no manager answers at")
        self.assertEqual(len(self.listed()), 1)
        self.assertFalse(json.loads(next(self.state.glob("manager-secret-*.json")).read_text())["registered"])
        self.losing = False
        self.assertEqual(self.joined(0)["state"], "approved")
        self.assertEqual(self.states(), ["used"])

    losing = True

    def lose_answers(self, proxy):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.carry, args=(proxy.accept()[0],), daemon=True).start()

    def carry(self, client):
        host, port = self.api.split(":")
        with client, socket.create_connection((host, int(port))) as server:
            request = client.recv(65536)
            while b"\r\n\r\n" not in request:
                request += client.recv(65536)
            head, _, body = request.partition(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                           if line.startswith(b"content-length")), 0)
            while len(body) < length:
                part = client.recv(65536)
                request, body = request + part, body + part
            server.sendall(request)
            answer = server.recv(65536)
            if not (self.losing and b"/register" in head.split(b"\r\n")[0]):
                client.sendall(answer)


if __name__ == "__main__":
    unittest.main()
