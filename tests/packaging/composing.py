"""Docker Compose, in whichever form this machine has it, on the files of packaging/."""
import functools
import os
import shutil
import subprocess

from dockerfile import PROJECT

try:
    import yaml
except ImportError:
    yaml = None


def _find():
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


COMPOSE = _find()


def why_not():
    """Why Compose cannot be asked here; None where it can."""
    if COMPOSE is None:
        return "there is neither `docker compose` nor docker-compose (Debian: docker-compose)"
    if yaml is None:
        return "PyYAML is not installed (Debian: python3-yaml)"
    return None


def compose(files, *words, **environment):
    """Compose on these files of packaging/, by their roles, or on other ones by their paths; nothing of this machine's
    environment decides."""
    names = [file if "/" in str(file) else PROJECT / f"packaging/docker-compose.{file}.yml" for file in files]
    command = [*COMPOSE, *(word for name in names for word in ("-f", str(name))), *words]
    given = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "DOCKER_GID": "123", **environment}
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=given, timeout=120)


@functools.lru_cache(maxsize=None)
def config(role, **environment):
    """The file of a role as Compose understands it. Not to be changed."""
    done = compose([role], "config", **environment)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)
