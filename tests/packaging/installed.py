"""The tree as an operator gets it: `cmake --install` of the host into a root of its own."""
import os
import pathlib
import subprocess

BUILD = pathlib.Path(os.environ["STIPEND_BUILD"])


def install(root, prefix="/usr/local", components=("host", "devnet")):
    """Programs and plugins land below ROOT/PREFIX, the configurations in ROOT/etc/stipend."""
    for component in components:
        subprocess.run(["cmake", "--install", BUILD, "--component", component, "--prefix", prefix], check=True,
                       stdout=subprocess.DEVNULL, env=dict(os.environ, DESTDIR=str(root)), timeout=120)


def install_devnet(root, options):
    """The installed network for tests as a unit of its own."""
    unit = root / "etc/systemd/system/devnet.service"
    unit.write_text(f"[Service]\nType=exec\nExecStart=stipend devnet {options}\n")
