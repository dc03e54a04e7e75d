"""The tree as an operator gets it: `cmake --install` of the host into a root of its own."""
import os
import subprocess

BUILD = os.environ["STIPEND_BUILD"]


def install(root):
    """Programs and plugins land in ROOT/usr/local, the configuration in ROOT/etc/stipend."""
    subprocess.run(["cmake", "--install", BUILD, "--component", "host", "--prefix", "/usr/local"], check=True,
                   stdout=subprocess.DEVNULL, env=dict(os.environ, DESTDIR=str(root)), timeout=120)
