"""An image as packaging/Dockerfile describes it, without a network: the installed tree with the libraries of this
machine in place of Debian's packages, and the last stage's own settings."""
import io
import os
import pathlib
import re
import subprocess
import tarfile
import tempfile
import urllib.parse

import dockerfile
from installed import BUILD, install

CHANGES = ("ENV", "VOLUME", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD")


def make(engine, name):
    """`name`: "stipend:test"."""
    with tempfile.TemporaryDirectory(prefix="stipend-image-") as folder:
        root = pathlib.Path(folder)
        install(root, "/usr")
        uid = re.search(r"useradd .*--uid (\d+) .* stipend\b", dockerfile.runtime("RUN")[0]).group(1)
        (root / "etc/passwd").write_text(f"root:x:0:0::/:/\nstipend:x:{uid}:{uid}::/var/lib/stipend:/\n")
        (root / "etc/group").write_text(f"root:x:0:\nstipend:x:{uid}:\n")
        (root / "tmp").mkdir(mode=0o1777)
        state = root / "var/lib/stipend"
        state.mkdir(parents=True, mode=0o700)
        os.chown(state, int(uid), int(uid))
        programs = [*(root / "usr/bin").iterdir(), *(root / "usr/lib/stipend/plugins").iterdir()]
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w", dereference=False) as tar:
            tar.add(root, arcname=".")
            for library in _libraries(programs):
                tar.add(os.path.realpath(library), arcname=library)
    changes = [f"{name} {text}" for name, text in dockerfile.stages()[-1] if name in CHANGES]
    repo, tag = name.split(":")
    engine.call("POST", "/images/create?" + urllib.parse.urlencode(
        {"fromSrc": "-", "repo": repo, "tag": tag, "changes": changes}, doseq=True), archive.getvalue())


def _libraries(programs):
    told = subprocess.run(["ldd", *programs], check=True, capture_output=True, text=True).stdout
    return sorted(set(re.findall(r"^\s+(?:\S+ => )?(/\S+) \(", told, re.MULTILINE)))
