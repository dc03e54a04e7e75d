"""A Python new enough for the public client, with the client in it: made once, in the build's folder.

Debian 12 has no Python of that age: there the environment is a root of Debian 13, which takes two minutes, some 700 MB
and root's rights (package mmdebstrap). Where this interpreter is new enough, it is a virtual environment."""
import os
import pathlib
import shutil
import subprocess
import sys

PACKAGES = ("livepeer-gateway==1.0.0", "eth-account==0.14.0")
LEAST = (3, 12)
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


class Environment:
    def __init__(self, build):
        self.folder = pathlib.Path(build) / "client"
        self.own = sys.version_info >= LEAST
        self.root = self.folder / "root"
        self.python = self.folder / "env" / "bin" / "python"

        self.made = self.folder / "made"
        self.wanted = f"{'own' if self.own else 'root'} {' '.join(PACKAGES)}"

    def is_made(self):
        return self.made.exists() and self.made.read_text() == self.wanted

    def make(self):
        if self.is_made():
            return
        print("making an environment for the client", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._make_own() if self.own else self._make_root()
        self.made.write_text(self.wanted)

    def _make_own(self):
        subprocess.run([sys.executable, "-m", "venv", self.folder / "env"], check=True, timeout=300)
        subprocess.run([self.python, "-m", "pip", "install", "-q", *PACKAGES], check=True, timeout=900)

    def _make_root(self):
        if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
            raise AssertionError(f"the client needs Python {LEAST[0]}.{LEAST[1]}: this one is older, and a root of Debian 13 "
                                 "needs root's rights and the package mmdebstrap")
        log = self.folder / "mmdebstrap.log"
        with open(log, "w", encoding="utf-8") as out:
            done = subprocess.run(["mmdebstrap", "--variant=minbase", "--include=python3,python3-pip,ca-certificates", "trixie",
                                   self.root], stdout=out, stderr=subprocess.STDOUT, timeout=900, check=False)
        assert done.returncode == 0, f"mmdebstrap failed: {log}"
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        shutil.copy(f"/{CERTIFICATES}", self.root / CERTIFICATES)  # with those that only this machine trusts
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_") and
               name != "PIP_FIND_LINKS"}  # folders of this machine
        subprocess.run(["chroot", self.root, "python3", "-m", "pip", "install", "-q", "--break-system-packages",
                        "--root-user-action=ignore", *PACKAGES], check=True, timeout=900, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **pip})

    def command(self, script, certificate):
        """The start of a command line that runs a copy of the script in it, with the certificate's folder as it is seen there."""
        place = (self.folder if self.own else self.root / "srv") / "client"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(certificate, place)
        shutil.copy(script, place / "client.py")
        if self.own:
            return [self.python, place / "client.py", "--certificate", place]
        return ["chroot", self.root, "python3", "/srv/client/client.py", "--certificate", "/srv/client"]


if __name__ == "__main__":
    Environment(sys.argv[1]).make()
