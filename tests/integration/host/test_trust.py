"""`plugins.trust`: only what a trusted key signed is ever mapped; by the real minisign, and by `stipend plugins sign`."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from network import BUILD, Devnet, Host, wait_for

STIPEND = BUILD / "bin" / "stipend"
PLUGINS = BUILD / "lib" / "stipend" / "plugins"
MINISIGN = shutil.which("minisign")


def run(*arguments, cwd=None):
    done = subprocess.run([str(one) for one in arguments], capture_output=True, text=True, timeout=120, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


class Signing(unittest.TestCase):
    """The commands, beside the program whose format they use."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "night.so"
        self.file.write_bytes(b"any bytes")
        code, out, err = run(STIPEND, "plugins", "keygen", self.folder / "key")
        self.assertEqual(code, 0, err)
        self.public = (self.folder / "key.pub").read_text().splitlines()[1]
        self.assertIn(f"trust: [{self.public}]", out)

    def sign(self, *more):
        code, out, err = run(STIPEND, "plugins", "sign", self.file, "--key", self.folder / "key", *more)
        self.assertEqual(code, 0, err)
        return out

    def verify(self, *more):
        return run(STIPEND, "plugins", "verify", self.file, *more, cwd=self.folder)

    def test_a_pair_of_keys_is_private_and_overwrites_nothing(self):
        self.assertEqual((self.folder / "key").stat().st_mode & 0o777, 0o600)
        for name, made in (("key", "key"), ("other", "other.pub")):
            (self.folder / made).touch()
            before = (self.folder / made).read_bytes()
            code, _, err = run(STIPEND, "plugins", "keygen", self.folder / name)
            self.assertEqual(code, 1)
            self.assertIn("is there already", err)
            self.assertEqual((self.folder / made).read_bytes(), before)
        self.assertFalse((self.folder / "other").exists())

    def test_verify_names_the_key_and_the_comment_or_what_is_wrong(self):
        self.assertIn("cannot read", self.verify("--key", self.public)[2])
        self.sign("--comment", "night rate 1.2")
        code, out, err = self.verify("--key", self.public, "--json")
        self.assertEqual((code, err), (0, ""))
        said, = json.loads(out)
        self.assertEqual((said["signed"], said["comment"]), (True, "night rate 1.2"))
        self.file.write_bytes(b"other bytes")
        code, _, err = self.verify("--key", self.public)
        self.assertEqual(code, 1)
        self.assertIn("is not one of these bytes", err)
        (self.folder / "config.yaml").write_text("plugins: {trust: []}\n")
        code, _, err = self.verify()
        self.assertEqual(code, 1)
        self.assertIn("no key is trusted", err)

    @unittest.skipIf(MINISIGN is None, "minisign is not installed")
    def test_minisign_takes_what_is_signed_here(self):
        self.sign()
        code, out, err = run(MINISIGN, "-V", "-p", self.folder / "key.pub", "-m", self.file)
        self.assertEqual(code, 0, err)
        self.assertIn("Signature and comment signature verified", out)
        self.assertIn("file:night.so", out)

    @unittest.skipIf(MINISIGN is None, "minisign is not installed")
    def test_minisign_signs_by_the_key_that_is_made_here(self):
        code, _, err = run(MINISIGN, "-S", "-s", self.folder / "key", "-m", self.file, "-t", "by minisign")
        self.assertEqual(code, 0, err)
        code, out, err = self.verify("--key", self.public)
        self.assertEqual(code, 0, err)
        self.assertIn("by minisign", out)


class Trust(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(1)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        self.key = self.host.folder / "signing"
        self.assertEqual(run(STIPEND, "plugins", "keygen", self.key)[0], 0)
        public = (self.host.folder / "signing.pub").read_text().splitlines()[1]
        text = self.host.config.read_text()
        self.assertNotIn("plugins:\n  trust", text)
        if "\nplugins:\n" in text:
            text = text.replace("\nplugins:\n", f"\nplugins:\n  trust: [{public}]\n", 1)
        else:
            text += f"\nplugins:\n  trust: [{public}]\n"
        self.host.config.write_text(text)
        self.place = self.host.plugins / "payment.so"

    def sign(self, *files):
        code, _, err = run(STIPEND, "plugins", "sign", *files, "--key", self.key)
        self.assertEqual(code, 0, err)

    def sign_all(self):
        self.sign(*sorted(self.host.plugins.glob("*.so")))

    def put(self, file, bytes_):
        new = self.host.folder / "new"
        new.write_bytes(bytes_)
        new.chmod(0o644)
        os.replace(new, file)

    def policy(self):
        code, out, err = self.host.run("plugins", "status", "--json")
        self.assertEqual(code, 0, err)
        return next(one for one in json.loads(out)["plugins"] if one["for"] == "policy")

    def alerts(self):
        return {alert["id"]: alert["text"] for alert in self.host.status()["alerts"]}

    def wait_serves(self, bytes_):
        wanted = hashlib.sha256(bytes_).hexdigest()
        wait_for(lambda: self.policy()["sha256"] == wanted, "the build that was signed")

    def test_check_refuses_what_is_not_signed_and_inspect_looks_at_it(self):
        code, _, err = self.host.run("check")
        self.assertEqual(code, 1)
        self.assertIn("untrusted plugin", err)
        self.assertIn("payment.so.minisig", err)
        self.assertEqual(self.host.run("plugins", "inspect", "payment")[0], 0)
        self.sign_all()
        code, _, err = self.host.run("check")
        self.assertEqual(code, 0, err)

    def test_a_malformed_key_is_refused_at_its_line(self):
        text = self.host.config.read_text()
        self.host.config.write_text(text.replace("trust: [RW", "trust: [XX", 1))
        code, _, err = self.host.run("check")
        self.assertEqual(code, 1)
        self.assertIn("want a public key of minisign", err)

    def test_a_build_serves_once_it_is_signed_and_the_one_before_until_then(self):
        first = self.place.read_bytes()
        second = first + b"second"
        self.sign_all()
        self.host.start()
        self.wait_serves(first)
        self.assertNotEqual(self.policy()["signed_by"], "")
        self.put(self.place, second)
        wait_for(lambda: "plugins:differs:payment" in self.alerts(), "the alert")
        self.assertIn("is not one of these bytes", self.alerts()["plugins:differs:payment"])
        self.assertEqual(self.policy()["sha256"], hashlib.sha256(first).hexdigest())
        self.sign(self.place)
        self.wait_serves(second)
        wait_for(lambda: "plugins:differs:payment" not in self.alerts(), "the end of the alert")

    def test_an_earlier_version_serves_again_only_if_it_is_signed(self):
        first = self.place.read_bytes()
        self.sign_all()
        self.host.start()
        self.wait_serves(first)
        self.host.stop()
        copies = self.host.folder / "state" / "plugins" / "payment"
        signature, = copies.glob("*.so.minisig")
        self.put(self.place, first + b"unsigned")
        self.host.start()
        self.wait_serves(first)
        self.host.stop()
        signature.unlink()
        since = len(self.host.lines)
        self.host.spawn()
        wait_for(lambda: self.host.process.poll() is not None, "the end of a host without a policy")
        self.host.reader.join()
        self.assertNotEqual(self.host.process.returncode, 0)
        self.assertIn("is not one of these bytes", "".join(self.host.lines[since:]))


if __name__ == "__main__":
    unittest.main()
