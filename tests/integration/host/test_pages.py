"""Pages for man(1) and completions: made of the command line, complete, and accepted by what reads them."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from network import BUILD, PROJECT, STIPEND

# Commands that are programs of their own, as `stipend` has them; each prints its own tree.
APART = tuple(re.findall(r'"([\w-]+)"', re.search(r"apart\[\] = \{(.*?)\}", (PROJECT / "host/cli/main.cpp").read_text(), re.S)[1]))
# Prints what a completion offers for the words of a line, of which the last one is being typed.
BASH = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_stipend
printf '%s\n' "${COMPREPLY[@]}"
"""


def output(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, **options)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{words}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def trees():
    """By name: the tree of each program, and of each command below it, with its path."""
    def below(command, path):
        yield path, command
        for one in command["commands"]:
            yield from below(one, f"{path} {one['name']}")
    found = dict(below(json.loads(output(STIPEND, "--command-tree")), "stipend"))
    for name in APART:
        found |= below(json.loads(output(BUILD / "bin" / f"stipend-{name}", "--command-tree")), f"stipend {name}")
    return found


def shown(text):
    """The text of a page without its formatting."""
    return re.sub(r".\x08", "", output("man", "-E", "ascii", "-l", "-", input=text,
                                       env=dict(os.environ, MANWIDTH="200", PAGER="cat", MANPAGER="cat")))


class PagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="stipend-pages-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.place = pathlib.Path(cls.folder.name)
        output(STIPEND, "config", "man-page", "--folder", cls.place)
        cls.trees = trees()

    def write(self, shell):
        file = self.place / f"completion.{shell}"
        file.write_text(output(STIPEND, "config", "completion", shell))
        return file


class Man(PagesTest):
    def test_troff_has_no_complaint(self):
        pages = sorted(self.place.glob("*.1"))
        self.assertGreater(len(pages), 20)
        for page in pages:
            with self.subTest(page=page.name):
                done = subprocess.run(["groff", "-man", "-ww", "-z", page], capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_each_command_has_its_page_or_section_with_all_options(self):
        for path, command in self.trees.items():
            words = path.split()
            page = self.place / ("-".join(words[:2]) + ".1")
            text = shown(page.read_text())
            with self.subTest(command=path):
                self.assertIn(path, text)
                for option in command["options"]:
                    for name in option["names"]:
                        self.assertIn(name, text)
                    for choice in option["choices"]:
                        self.assertIn(choice, text)
        overview = shown((self.place / "stipend.1").read_text())
        for path in self.trees:
            if len(path.split()) == 2:
                self.assertIn(path.replace(" ", "-") + "(1)", overview.replace(" (1)", "(1)"))

    def test_the_tree_is_what_help_shows(self):
        for path, command in self.trees.items():
            helped = output(STIPEND, *path.split()[1:], "--help")
            for option in command["options"]:
                for name in option["names"]:
                    self.assertIn(name, helped, path)
            listed = helped.split("Subcommands:")[1].split("\n\n")[0] if "Subcommands:" in helped else ""
            self.assertEqual({line.split()[0].rstrip(",") for line in listed.splitlines() if re.match(r"  \S", line)},
                             {one["name"] for one in command["commands"]} - (set(APART) if path == "stipend" else set()), path)

    def test_one_page_is_printed_and_an_unknown_one_is_refused(self):
        self.assertEqual(output(STIPEND, "config", "man-page", "jobs"), (self.place / "stipend-jobs.1").read_text())
        done = subprocess.run([STIPEND, "config", "man-page", "job"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn('did you mean "jobs"?', done.stderr)
        text = shown((self.place / "stipend-run.1").read_text())
        self.assertIn("STATE_DIRECTORY", text)
        self.assertIn("EXIT STATUS", text)


    def test_the_page_of_the_configuration_has_every_setting(self):
        page = self.place / "stipend-config.5"
        page.write_text(output(STIPEND, "config", "man-page", "--settings"))
        done = subprocess.run(["groff", "-man", "-ww", "-z", page], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        manager, worker = shown(page.read_text()).split("\nA WORKER\n")
        parts = output(STIPEND, "config", "reference").split("\n## ")
        for text, part in ((manager, parts[1]), (worker, parts[2])):
            rows = re.findall(r"(?m)^\| `([^`]+)` \|", part)
            self.assertGreater(len(rows), 30)
            for row in rows:
                self.assertRegex(text, rf"(?m)^       {re.escape(row)}(\s|$)")
        self.assertIn("Variable: STATE_DIRECTORY.", manager)


class Bash(PagesTest):
    def setUp(self):
        self.script = self.write("bash")

    def offered(self, *words):
        return output("bash", "--norc", "-c", BASH, "bash", self.script, *words, cwd=self.place).split()

    def test_commands_and_those_that_are_programs_of_their_own(self):
        for path, command in self.trees.items():
            names = {one["name"] for one in command["commands"]} | (set(APART) if path == "stipend" else set())
            if names:
                self.assertEqual(set(self.offered(*path.split(), "")), names, path)
        self.assertEqual(self.offered("stipend", "jobs", "l"), ["load"])

    def test_options_of_the_command_alone(self):
        for path, command in self.trees.items():
            names = {name for option in command["options"] for name in option["names"]}
            self.assertEqual(set(self.offered(*path.split(), "-")), names, path)
        self.assertEqual(self.offered("stipend", "jobs", "load", "--arr"), ["--arrivals"])

    def test_values_and_files(self):
        (self.place / "a file.yaml").write_text("")
        self.assertEqual(self.offered("stipend", "jobs", "load", "--arrivals", ""), ["constant", "poisson"])
        self.assertEqual(self.offered("stipend", "jobs", "load", "--arrivals", "=", "p"), ["poisson"])
        self.assertEqual(self.offered("stipend", "config", "completion", "z"), ["zsh"])
        for words in (("run", "-c"), ("run", "--config"), ("devnet", "--scenario"), ("ledger", "verify"), ("plugins", "inspect")):
            self.assertEqual(self.offered("stipend", *words, "a"), ["a", "file.yaml"], words)
        self.assertEqual(self.offered("stipend", "jobs", "load", "--rate", ""), [])
        # The value of an option is no command.
        self.assertEqual(self.offered("stipend", "jobs", "load", "--capability", "send", "--arr"), ["--arrivals"])


class OtherShells(PagesTest):
    def test_zsh_reads_it(self):
        if not shutil.which("zsh"):
            self.skipTest("no zsh")
        script = self.write("zsh")
        output("zsh", "-f", "-n", script)
        asked = r"""compadd() { shift; print -l -- $@ }; _files() { print files }; compset() { return 1 }
            words=("${@:2}"); CURRENT=$#words; source $1 || true"""
        for words, want in ((("stipend", "jobs", ""), "load\nsend\n"), (("stipend", "run", "-c", ""), "files\n"),
                            (("stipend", "jobs", "load", "--arrivals", ""), "constant\npoisson\n")):
            self.assertEqual(output("zsh", "-f", "-c", asked, "zsh", script, *words), want)

    def test_fish_reads_it(self):
        if not shutil.which("fish"):
            self.skipTest("no fish")
        script = self.write("fish")
        output("fish", "--no-config", "-n", script)
        for line, want in (("stipend jobs ", {"load", "send"}), ("stipend jobs load --arrivals ", {"constant", "poisson"}),
                           ("stipend ledger verify --sig", {"--signed-heads"})):
            got = output("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'",
                         env=dict(os.environ, HOME=str(self.place)))
            self.assertEqual({one.split("\t")[0] for one in got.splitlines()}, want, line)


if __name__ == "__main__":
    unittest.main(verbosity=2)
