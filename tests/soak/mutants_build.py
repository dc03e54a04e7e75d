"""A private copy of the tree, built for quick changes, and one changed source at a time linked into its tests.

A mutant is compiled apart from the tree and linked ahead of the library that holds the sound object, so nothing is built
again when it is done. Only a plugin's shared object is replaced where the tests load it, and put back.
"""
import json
import os
import pathlib
import re
import resource
import shlex
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = ROOT / "build" / "mutants"
TREE, BUILD, SOUND, MEMORY = HOME / "tree", HOME / "build", HOME / "sound", HOME / "memory.json"
PLUGINS = BUILD / "lib" / "stipend" / "plugins"
SHARED_MEMORY = pathlib.Path("/dev/shm")


class Folder:
    """What is built and run for the mutants of one folder, in this order.

    `apart`: sources that only run within the whole host, and whose tests take minutes."""

    def __init__(self, path, programs, plugin=None, apart=()):
        self.path, self.programs, self.plugin, self.apart = path, programs, plugin, apart

    @property
    def targets(self):
        return [*self.programs, *([self.plugin] if self.plugin else [])]


FOLDERS = {folder.path: folder for folder in (
    Folder("plugins/payment", ("unit_payment", "golden_engine"), "payment"),
    Folder("livepeer", ("unit_livepeer", "unit_byoc", "unit_runner", "integration_plugins"), "byoc"),
    Folder("plugins/byoc", ("unit_byoc", "integration_plugins"), "byoc"),
    Folder("plugins/runner", ("unit_runner", "integration_plugins"), "runner"),
    Folder("host/engine", ("unit_engine", "unit_payment", "golden_engine"), apart=(
        "archive_request.cpp", "dispatch_desk.cpp", "manager.cpp", "manager_alerts.cpp", "manager_api.cpp", "manager_orders.cpp",
        "manager_outage.cpp", "manager_plan.cpp", "manager_reads.cpp", "policy_replay.cpp", "status.cpp")),
    Folder("host/ledger", ("unit_ledger",)),
    Folder("host/uptime", ("unit_uptime", "golden_engine")),
)}


# Half a minute for each mutant: what the others test too, for many or on a network.
SLOW = frozenset(("many_test.cpp", "byoc_devnet_test.cpp", "runner_devnet_test.cpp"))


IDLE = 10  # seconds without any work, of a process that should have ended
MOST_WAIT = 600


class Failed(Exception):
    """The tree of the mutants cannot be used."""


def ticks_of(group):
    """The processor time of a process group, in clock ticks."""
    out = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended
        if int(fields[2]) == group:
            out += int(fields[11]) + int(fields[12])
    return out


def run_command(command, limit, **more):
    """The exit code (None where the time ran out) and the output; ends all processes that it started.

    `limit` is in seconds of the processor for each process. On the clock it is only for processes that do nothing: a busy
    machine makes no difference."""
    def bound():
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 2))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 30, 2 << 30))
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True, preexec_fn=bound, **more)
    begun, before, busy_at = time.monotonic(), -1, time.monotonic()
    try:
        while True:
            try:
                out, _ = process.communicate(timeout=1)
                ended = process.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
                return (None if ended else process.returncode), out.decode(errors="replace")
            except subprocess.TimeoutExpired:
                ticks, now = ticks_of(process.pid), time.monotonic()
                if ticks > before:
                    before, busy_at = ticks, now
                idle = now - busy_at > IDLE and now - begun > limit
                if idle or now - begun > limit + MOST_WAIT:
                    return None, ""
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()


class Tree:
    def __init__(self, folders, jobs):
        self.folders, self.jobs = folders, jobs
        self.work = HOME / f"work.{os.getpid()}"
        self.temporary = (SHARED_MEMORY if SHARED_MEMORY.is_dir() else HOME) / f"stipend-mutants.{os.getpid()}"
        self.memory = json.loads(MEMORY.read_text()) if MEMORY.exists() else {"times": {}, "kills": {}}

    # The copy and its build

    def prepare(self):
        self.copy_sources()
        for saved in SOUND.glob("*.so"):  # a run that was ended may have left a mutant
            self.put_back(saved.stem)
        if not (BUILD / "build.ninja").exists():
            self.checked(["cmake", "-G", "Ninja", "-S", TREE, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Debug",
                          "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DCMAKE_C_FLAGS_DEBUG=-O0", "-DCMAKE_UNITY_BUILD=OFF",
                          "-DSTIPEND_CCACHE=",
                          f"-DCMAKE_PROJECT_stipend_INCLUDE={TREE / 'tests/soak/mutants.cmake'}"], 300)
        targets = sorted({target for folder in self.folders for target in folder.targets})
        self.checked(["ninja", "-C", BUILD, "-j", str(self.jobs), *targets], 7200)
        SOUND.mkdir(exist_ok=True)
        for folder in self.folders:
            if folder.plugin:
                shutil.copy2(PLUGINS / f"{folder.plugin}.so", SOUND)
        self.read_commands()
        for left in HOME.glob("work.*"):
            shutil.rmtree(left)
        self.work.mkdir()
        self.temporary.mkdir()
        self.links = {}
        for folder in self.folders:
            for program in folder.programs:
                self.measure(program)

    def copy_sources(self):
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                                capture_output=True).stdout.decode().split("\0")
        wanted = {name for name in listed if name and (ROOT / name).is_file()}
        for name in wanted:
            source, copy = ROOT / name, TREE / name
            if not copy.exists() or copy.read_bytes() != source.read_bytes():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, copy)  # with a new time, so that it is built again
        for copy in list(TREE.rglob("*")):
            if copy.is_file() and str(copy.relative_to(TREE)) not in wanted:
                copy.unlink()

    def checked(self, command, limit):
        status, out = run_command([str(word) for word in command], limit)
        if status != 0:
            raise Failed(f"{command[0]} failed ({status}):\n{out[-3000:]}")

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.rmtree(self.temporary, ignore_errors=True)

    # The tests: each source of a test program is run by itself, so that those which fail most often come first

    def measure(self, program):
        """How long the sound tests take, once for each build of them."""
        path = self.program(program)
        built_at = path.stat().st_mtime
        if self.memory["times"].get(program, {}).get("built_at") == built_at:
            return
        status, out = run_command([path, "-ltc", "-r=xml"], 60)
        sources = sorted({pathlib.Path(name).name for name in re.findall(r'filename="([^"]+)"', out)} - SLOW)
        if status != 0 or not sources:
            raise Failed(f"{program} lists no tests")
        parts = {}
        for source in sources:
            begin = time.monotonic()
            red = self.red(path, source, 900)
            if red:
                raise Failed(f"{program} fails without a mutant: {red}")
            parts[source] = round(time.monotonic() - begin, 2)
        self.memory["times"][program] = {"built_at": built_at, "parts": parts}
        self.remember()

    def remember(self):
        fresh = MEMORY.with_suffix(".new")
        fresh.write_text(json.dumps(self.memory))
        fresh.replace(MEMORY)

    def program(self, name):
        return BUILD / "tests" / name

    def red(self, path, source, limit):
        """The first check that fails, or None."""
        folder = self.temporary / "files"
        folder.mkdir()
        try:
            status, out = run_command([path, f"-sf=*{source}", "-aa=1", "-nc=1"], limit, cwd=folder,
                                      env={**os.environ, "TMPDIR": str(folder), "RC_PARAMS": "max_success=20"})
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if status == 0:
            return None
        if status is None:
            return f"{source}: no end after {limit:.0f} s"
        names = re.findall(r"^TEST CASE:\s+(.*)$", out, re.MULTILINE)
        return f"{source}: {names[0]}" if names else f"{source}: ended by {status}"

    def first_red(self, file, program, path):
        known = self.memory["kills"].get(file, {})
        times = self.memory["times"][program]["parts"]
        stem = pathlib.Path(file).stem.split("_")[0]

        def rank(source):
            likely = known.get(source, 0) + 0.3 + (1 if source.startswith(stem) else 0)
            return times[source] / likely
        for source in sorted(times.keys() - SLOW, key=rank):
            # Far off, since a test that is stopped counts as a failure.
            red = self.red(path, source, 5 + 4 * times[source])
            if red:
                self.memory["kills"].setdefault(file, {})[source] = known.get(source, 0) + 1
                self.remember()
                return red
        return None

    # One mutant

    def judge(self, folder, file, text):
        """("killed", by what), ("invalid", None) where it does not compile, or ("survived", None)."""
        shutil.rmtree(self.work)
        self.work.mkdir()
        objects = self.compile(folder, file, text)
        if objects is None:
            return "invalid", None
        try:
            if folder.plugin and not self.link(f"lib/stipend/plugins/{folder.plugin}.so", objects,
                                               PLUGINS / f"{folder.plugin}.so"):
                return "invalid", None
            for program in folder.programs:
                path = self.program(program)
                if folder.plugin != "payment" and program != "integration_plugins":
                    path = self.work / program
                    if not self.link(f"tests/{program}", objects, path):
                        return "invalid", None
                red = self.first_red(file, program, path)
                if red:
                    return "killed", f"{program}: {red}"
            return "survived", None
        finally:
            if folder.plugin:
                self.put_back(folder.plugin)

    def put_back(self, plugin):
        (PLUGINS / f"{plugin}.so").unlink(missing_ok=True)
        shutil.copy2(SOUND / f"{plugin}.so", PLUGINS)

    def compile(self, folder, file, text):
        """The changed objects by the sound ones' names; None where the mutant does not compile.

        A header is put into a tree of its own with all that includes it, which is compiled there: it is found first."""
        files = self.users(folder, file) if file.endswith(".hpp") else [file]
        shadow = self.work / "shadow"
        for name in {file, *files, *(self.headers_between(file) if file.endswith(".hpp") else ())}:
            (shadow / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(TREE / name, shadow / name)
        (shadow / file).write_text(text)
        objects = {}
        for number, name in enumerate(files):
            command, output = self.command_of(folder, name)
            made = self.work / f"{number}.o"
            words = shlex.split(command)
            words[words.index("-o") + 1] = str(made)
            words[words.index("-c") + 1] = str(shadow / name)
            near = [f"-I{shadow}", f"-I{(shadow / name).parent}", f"-iquote{(TREE / name).parent}"]
            status, _ = run_command([words[0], *near, *words[1:], "-w"], 300, cwd=BUILD)
            if status != 0:
                return None
            objects[output] = made
        return objects

    def read_commands(self):
        text = subprocess.run(["ninja", "-C", BUILD, "-t", "compdb"], check=True, capture_output=True, text=True).stdout
        self.compile_commands = [entry for entry in json.loads(text) if entry["output"].endswith(".o")]

    def command_of(self, folder, file):
        place = f"{folder.path}/CMakeFiles/"
        for entry in self.compile_commands:
            if entry["file"] == str(TREE / file) and entry["output"].startswith(place):
                return entry["command"], entry["output"]
        raise Failed(f"{file} is in no target of {folder.path}")

    def includers(self):
        """For each header, the files that name it in an #include."""
        if not hasattr(self, "included_by"):
            self.included_by = {}
            for folder in FOLDERS.values():
                for path in sorted((TREE / folder.path).glob("*.[ch]pp")):
                    for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.MULTILINE):
                        for found in (TREE / name, path.parent / name):
                            if found.is_file():
                                self.included_by.setdefault(str(found.relative_to(TREE)), set()).add(
                                    str(path.relative_to(TREE)))
        return self.included_by

    def reach(self, file):
        out, todo = set(), [file]
        while todo:
            for name in self.includers().get(todo.pop(), ()):
                if name not in out:
                    out.add(name)
                    todo.append(name)
        return out

    def users(self, folder, file):
        return sorted(name for name in self.reach(file)
                      if name.endswith(".cpp") and name.startswith(folder.path + "/"))

    def headers_between(self, file):
        return {name for name in self.reach(file) if name.endswith(".hpp")}

    def link(self, output, objects, path):
        if output not in self.links:
            text = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", "-s", output], check=True, capture_output=True,
                                  text=True).stdout.strip().splitlines()[-1]
            self.links[output] = re.sub(r"^: && (.*?) && :.*$", r"\1", text)
        words = shlex.split(self.links[output])
        at = words.index("-o")
        words[at + 1] = str(path)
        ahead = [str(made) for sound, made in objects.items() if sound not in words]
        words = [str(objects.get(word, word)) for word in words]
        first = next(index for index, word in enumerate(words) if word.endswith(".o"))
        path.unlink(missing_ok=True)
        status, _ = run_command([*words[:first], *ahead, *words[first:]], 300, cwd=BUILD)
        return status == 0
