"""The packages that the web page is built with."""
import pathlib
import shutil
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(PROJECT / "tests" / "integration"))
import needed  # noqa: E402

SKIPPED = needed.SKIPPED
WEB = PROJECT / "plugins" / "dashboard" / "web"
WWW = PROJECT / "plugins" / "dashboard" / "www"


def staged(scratch):
    """A copy of the page's sources in `scratch`, with its packages. Ends the test as skipped where there is no npm."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("skipped: " + needed.missing("npm"))
        sys.exit(SKIPPED)
    folder = pathlib.Path(scratch) / "web"
    shutil.copytree(WEB, folder)
    installed = PROJECT / "build" / "web" / "node_modules"  # by ./dev
    marker = installed / ".installed"
    if marker.exists() and marker.read_bytes() == (WEB / "package-lock.json").read_bytes():
        (folder / "node_modules").symlink_to(installed)
    else:
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=200)
    return folder
