"""The Debian packages as cpack makes them, and a Debian that has what they depend on and nothing of them."""
import hashlib
import pathlib
import re
import subprocess
import tempfile

from installed import BUILD

FOLDER = BUILD / "packages"


def field(package, name):
    done = subprocess.run(["dpkg-deb", "--field", package, name], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.strip()


def make():
    """stipend and stipend-sdk of what is built, by name."""
    for old in FOLDER.glob("*.deb"):
        old.unlink()
    subprocess.run(["cpack", "-G", "DEB"], cwd=BUILD, check=True, stdout=subprocess.DEVNULL, timeout=300)
    made = {field(one, "Package"): one for one in FOLDER.glob("*.deb")}
    assert sorted(made) == ["stipend", "stipend-sdk"], made
    return made


def renumbered(package, version, folder):
    """The same package as another version."""
    with tempfile.TemporaryDirectory(prefix="stipend-package-") as tree:
        subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True, timeout=60)
        control = pathlib.Path(tree, "DEBIAN/control")
        old = field(package, "Version")
        text = control.read_text().replace(f"Version: {old}\n", f"Version: {version}\n").replace(f"(= {old})", f"(= {version})")
        control.write_text(text)
        out = folder / f"{field(package, 'Package')}_{version}.deb"
        subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "--build", "--root-owner-group", tree, out], check=True, stdout=subprocess.DEVNULL, timeout=120)
    return out


def dependencies(packages):
    """Without versions, and without each other."""
    names = set()
    for one in packages.values():
        names |= {re.split(r"[ (]", part.strip())[0] for part in field(one, "Depends").split(",")}
    return sorted(names - set(packages))


def debian_with(names):
    """An archive of a root with a systemd and these packages; made once."""
    wanted = ["systemd", "systemd-sysv", *names]
    key = hashlib.sha256(" ".join(wanted).encode()).hexdigest()[:16]
    archive = FOLDER / f"debian-{key}.tar"
    if archive.exists():
        return archive
    for old in FOLDER.glob("debian-*.tar"):
        old.unlink()
    unfinished = archive.with_suffix(".unfinished")
    with open(FOLDER / "mmdebstrap.log", "w", encoding="utf-8") as log:
        done = subprocess.run(["mmdebstrap", "--variant=minbase", "--format=tar", f"--include={','.join(wanted)}",
                               "--dpkgopt=path-exclude=/usr/share/doc/*", "bookworm", unfinished],
                              stdout=log, stderr=subprocess.STDOUT, timeout=600, check=False)
    assert done.returncode == 0, f"mmdebstrap failed: {FOLDER}/mmdebstrap.log"
    unfinished.rename(archive)
    return archive
