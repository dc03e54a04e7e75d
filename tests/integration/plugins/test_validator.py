#!/usr/bin/env python3
"""`stipend plugins test`: each mistake is named by its rule, and the plugins of this tree break none."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import mistakes

BUILD = pathlib.Path(os.environ["STIPEND_BUILD"])
SANITIZED = os.environ.get("STIPEND_SANITIZE", "") not in ("", "OFF")
PROJECT = pathlib.Path(__file__).resolve().parents[3]
STIPEND = BUILD / "bin" / "stipend"
DEFECTS = BUILD / "tests" / "defects"
PLUGINS = BUILD / "lib" / "stipend" / "plugins"
WORKERS = max(2, (os.cpu_count() or 2))
# A sanitizer's runtime changes what these do, or reports it itself.
OF_SANITIZERS = {"takes_crash_signal", "leaks_memory", "order_in_memory", "clock_in_reason", "throws_static", "unresolved"}

NONE = ""  # it is sound

# The rule that a file breaks; what is the same for a group is said once.
RULES = {
    "file.load": "newer_symbol no_symbol unresolved crash_in_constructor abort_in_constructor exit_in_constructor "
                 "hang_in_constructor half text empty fifo folder other_machine writable",
    "entry.complete": "wrong_magic newer_major small_entry null_function no_plugins null_descriptor no_kinds unknown_kind "
                      "empty_id bad_id duplicate_id",
    "library.init": "crash_in_init exit_in_init leave_in_init failing_init loop_in_init",
    "description.version": "no_version",
    "schema.compiles": "schema_no_json bad_schema schema_remote_ref schema_dangling_ref schema_ref_loop "
                       "schema_bad_pattern schema_too_deep",
    "schema.closed": "open_schema",
    "schema.examples": "schema_bad_default schema_heavy_pattern",
    "config.checked": "throws throws_static",
    "config.drawn": "create_disagrees crash_at_limit refuses_in_silence",
    "lifecycle.create": "crash_in_create exit_in_create null_instance endless_error_text status_seven",
    "lifecycle.start": "crash_in_start abort_in_start",
    "lifecycle.interface": "no_table",
    "lifecycle.quiesce": "hang_in_quiesce",
    "lifecycle.destroy": "leave_in_destroy",
    "policy.decisions": "action_zero bad_action negative_amount skip_with_amount negative_delay endless_delay "
                        "uptime_above_all dirty_text crash_in_decide exit_in_decide sleeps_in_decide loops_in_decide",
    "policy.bounds": "above_bounds sooner_than_bounds",
    "policy.deterministic": "counts_in_reason clock_in_reason order_in_memory batch_in_tier instance_in_delay",
    "policy.drawn": "above_bounds_at_odd_terms",
    "policy.drawn-deterministic": "counts_after_many",
    "record.guard": "writes_behind writes_before reads_behind_config",
    "operations.return": "crash_in_submit crash_in_timer leave_in_fetch",
    "async.answered": "price_never",
    "async.done-once": "price_thrice price_other_operation price_ok_then_error",
    "async.refused": "price_error_after_answer",
    "async.record": "price_no_record price_no_host price_other_pair monitor_verdict dispatch_outcome",
    "async.deadline": "price_late",
    "async.destroyed": "price_after_destroy",
    "service.report": "service_text",
    "leftovers.memory": "leaks_memory",
    "leftovers.descriptors": "leaks_descriptors",
    "leftovers.threads": "leaves_thread price_sound",  # sound, but for a thread that is detached
    "process.unchanged": "ignores_sigterm unblocks_signals closes_standard_error closes_descriptors changes_locale "
                         "changes_rounding changes_folder changes_umask",
    "process.crash-signals": "takes_crash_signal",
    "process.children": "forks_at_load starts_daemon",
    "process.stdout": "prints",
    "library.deinit": "crash_in_deinit",
    "library.exit": "crash_at_exit",
    NONE: "sound sound_paying schema_good_ref schema_one_of changes_environment "
          "price_early",
}
RULE_OF = {file: rule for rule, files in RULES.items() for file in files.split()}
# A second rule that the same mistake breaks.
ALSO = {"monitor_verdict": "monitor.observations"}

# What the plugins of this tree are tried with where their schema alone gives no configuration that they accept.
CONFIGS = {
    "org.stipend.byoc.worker": "orchestrator: https://127.0.0.1:9\nsecret: probe\n",
    "org.stipend.runner.worker": "orchestrator: https://127.0.0.1:9\nregister: false\n",
    "org.stipend.ethereum": "chain_id: 1\npayer: '0x0000000000000000000000000000000000000001'\nrpc: [http://127.0.0.1:9]\n"
                            "signer: {socket: /run/probe.sock}\nmax_fee_per_gas_wei: '1000000000'\n",
}


def make_farm(folder):
    for file in DEFECTS.glob("*.so"):
        shutil.copyfile(file, folder / file.name)
    whole = (DEFECTS / "sound.so").read_bytes()
    (folder / "half.so").write_bytes(whole[:len(whole) // 2])
    (folder / "text.so").write_text("#!/bin/sh\necho this is a script, and long enough to hold the header of a library\n")
    (folder / "empty.so").write_bytes(b"")
    (folder / "other_machine.so").write_bytes(whole[:18] + (183).to_bytes(2, "little") + whole[20:])
    for file in folder.iterdir():
        file.chmod(0o644)
    shutil.copyfile(DEFECTS / "sound.so", folder / "writable.so")
    (folder / "writable.so").chmod(0o666)
    (folder / "folder.so").mkdir()
    os.mkfifo(folder / "fifo.so")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-validator-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def stipend(self, *arguments):
        """Status, standard output and standard error of `plugins test`."""
        done = subprocess.run([STIPEND, "plugins", "test", *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout, done.stderr

    def tried(self, *arguments):
        """Status, and the answer as JSON."""
        code, out, err = self.stipend(*arguments, "--json")
        self.assertNotEqual(out, "", err)
        return code, json.loads(out)


def of(answer, outcome):
    return {rule["rule"]: rule["text"] for plugin in answer["plugins"] for rule in plugin["rules"] if rule["outcome"] == outcome}


class Mistakes(Case):
    def test_each_is_named_by_its_rule(self):
        make_farm(self.folder)
        files = [file for file in RULE_OF if not (SANITIZED and file in OF_SANITIZERS)]
        slowest_first = sorted(files, key=lambda file: not re.search("hang|loop|sleep", file))
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            running = {file: pool.submit(self.tried, self.folder / f"{file}.so") for file in slowest_first}
        for file, ended in running.items():
            with self.subTest(file=file):
                code, answer = ended.result()
                failed = of(answer, "FAIL")
                wanted = {RULE_OF[file], ALSO.get(file, NONE)} - {NONE}
                self.assertEqual(code, 1 if wanted else 0, failed)
                self.assertEqual(wanted - set(failed), set(), f"got {failed}, of {of(answer, 'SKIP')}")
                if not wanted:
                    self.assertEqual(failed, {})
                for rule in wanted:
                    self.assertIn(f"{file}.so", failed[rule])
                # What is beside it is a consequence of it, not a guess: few rules, each with a text.
                self.assertLess(len(failed), 5, failed)
                self.assertTrue(all(failed.values()), failed)

    def test_each_mistake_of_the_list_has_a_rule(self):
        for one in mistakes.ALL:
            with self.subTest(one.what):
                self.assertIn(one.file, RULE_OF)
                if set(one.ways) & {mistakes_refused, mistakes_warned}:
                    self.assertNotEqual(RULE_OF[one.file], NONE)
        for one in mistakes.ANSWERS:
            with self.subTest(one.what):
                self.assertEqual(RULE_OF[one.file] == NONE, one.says == "")


mistakes_refused, mistakes_warned = "x", "w"


class Answers(Case):
    def test_json(self):
        code, answer = self.tried(DEFECTS / "above_bounds.so", "--seed", "77")
        self.assertEqual(code, 1)
        self.assertEqual(list(answer), ["file", "sha256", "seed", "milliseconds", "passed", "failed", "skipped", "plugins"])
        self.assertEqual(answer["file"], str(DEFECTS / "above_bounds.so"))
        self.assertRegex(answer["sha256"], r"^[0-9a-f]{64}$")
        self.assertEqual(answer["seed"], 77)
        self.assertGreater(answer["milliseconds"], 0)
        (plugin,) = answer["plugins"]
        self.assertEqual(list(plugin), ["id", "config", "rules"])
        self.assertEqual((plugin["id"], plugin["config"]), ("org.example.defect", "{}"))
        for rule in plugin["rules"]:
            self.assertEqual(list(rule), ["rule", "outcome", "source", "sentence", "text"])
        counts = {outcome: len(of(answer, outcome)) for outcome in ("PASS", "FAIL", "SKIP")}
        self.assertEqual((answer["passed"], answer["failed"], answer["skipped"]), tuple(counts.values()))
        self.assertEqual(sum(counts.values()), len(plugin["rules"]))
        self.assertIn("got 11 USD for a sample", of(answer, "FAIL")["policy.bounds"])
        self.assertIn("policy.bounds does not hold", of(answer, "SKIP")["policy.deterministic"])
        self.assertEqual(of(answer, "SKIP")["memory.valgrind"], "not asked for")

    def test_text_has_the_same(self):
        _, answer = self.tried(DEFECTS / "above_bounds.so")
        code, out, _ = self.stipend(DEFECTS / "above_bounds.so")
        self.assertEqual(code, 1)
        lines = out.splitlines()
        rules = answer["plugins"][0]["rules"]
        self.assertEqual(len(lines), len(rules) + 2)
        for line, rule in zip(lines[1:], rules):
            start = f'{rule["outcome"]} {rule["rule"]}  "{rule["sentence"]}" ({rule["source"]})'
            self.assertEqual(line, start + (f': {rule["text"]}' if rule["text"] else ""))
        self.assertRegex(lines[-1], rf'^{answer["passed"]} passed, {answer["failed"]} failed, {answer["skipped"]} skipped, '
                                    r"seed 1, \d+\.\d{3} s$")

    def test_only_failed(self):
        code, out, _ = self.stipend(DEFECTS / "above_bounds.so", "--only-failed")
        self.assertEqual(code, 1)
        self.assertEqual([line.split()[:2] for line in out.splitlines()[1:-1]], [["FAIL", "policy.bounds"]])

    def test_the_same_seed_draws_the_same(self):
        found = [of(self.tried(DEFECTS / "above_bounds_at_odd_terms.so", "--seed", seed)[1], "FAIL")["policy.drawn"]
                 for seed in ("5", "5", "6")]
        self.assertEqual(found[0], found[1])
        self.assertNotEqual(found[0], found[2])

    def test_configuration(self):
        config = self.folder / "given.yaml"
        config.write_text("level: 12\n")
        _, answer = self.tried(DEFECTS / "crash_at_limit.so", "--config", config)
        self.assertEqual(answer["plugins"][0]["config"], '{"level":12}')
        self.assertIn("signal 11", of(answer, "FAIL")["lifecycle.create"])
        config.write_text("- 1\n")
        code, out, err = self.stipend(DEFECTS / "sound.so", "--config", config)
        self.assertEqual((code, out), (1, ""))
        self.assertIn(f"{config}:1:1", err)

    def test_the_configuration_that_breaks_it_is_named(self):
        _, answer = self.tried(DEFECTS / "crash_at_limit.so")
        self.assertIn('in create with {"level":12}', of(answer, "FAIL")["config.drawn"])

    def test_command_line(self):
        self.assertEqual(self.stipend(DEFECTS / "sound.so", "--sed", "1")[0], 2)
        self.assertEqual(self.stipend(DEFECTS / "sound.so", "--seed", "-1")[0], 2)
        code, _, err = self.stipend(DEFECTS / "sound.so", "--id", "org.example.other")
        self.assertEqual(code, 1)
        self.assertIn("want org.example.other", err)


class Tree(Case):
    def sound(self, answer, ids):
        for plugin in answer["plugins"]:
            if plugin["id"] not in ids:
                continue
            outcomes = {outcome: {rule["rule"]: rule["text"] for rule in plugin["rules"] if rule["outcome"] == outcome}
                        for outcome in ("FAIL", "SKIP")}
            self.assertEqual(outcomes["FAIL"], {}, plugin["id"])
            self.assertEqual(set(outcomes["SKIP"]), {"memory.valgrind"}, outcomes["SKIP"])

    def test_no_plugin_of_this_tree_breaks_a_rule(self):
        files = sorted(PLUGINS.glob("*.so"))
        self.assertGreater(len(files), 7)
        for file in files:
            with self.subTest(file.name):
                code, answer = self.tried(file)
                self.assertEqual(code, 0, of(answer, "FAIL"))
                ids = {plugin["id"] for plugin in answer["plugins"]}
                self.sound(answer, ids - set(CONFIGS))
                for id in sorted(ids & set(CONFIGS)):
                    config = self.folder / f"{id}.yaml"
                    config.write_text(CONFIGS[id])
                    self.sound(self.tried(file, "--id", id, "--config", config)[1], {id})

    @unittest.skipIf(SANITIZED, "a sanitizer takes its own time")
    def test_a_policy_takes_less_than_five_seconds(self):
        begun = time.monotonic()
        _, answer = self.tried(PLUGINS / "payment.so")
        self.assertEqual(of(answer, "PASS")["policy.drawn"], "10000 samples under 10 of 10 terms")
        self.assertLess(time.monotonic() - begun, 5)


@unittest.skipIf(SANITIZED, "valgrind runs no sanitizer")
class Valgrind(Case):
    def test_memory_that_was_never_written(self):
        code, answer = self.tried(DEFECTS / "reads_uninitialised.so", "--valgrind")
        self.assertEqual(code, 1)
        self.assertRegex(of(answer, "FAIL")["memory.valgrind"], "Conditional jump or move depends on uninitialised")

    def test_memory_that_is_lost(self):
        self.assertIn("definitely lost", of(self.tried(DEFECTS / "leaks_memory.so", "--valgrind")[1], "FAIL")["memory.valgrind"])

    def test_a_sound_policy(self):
        code, answer = self.tried(PLUGINS / "payment.so", "--valgrind")
        self.assertEqual((code, of(answer, "FAIL")), (0, {}))
        self.assertIn("memory.valgrind", of(answer, "PASS"))


class Sentences(Case):
    """What a rule quotes is there, and the page for authors lists what the program has."""

    @staticmethod
    def flat(text):
        return re.sub(r"\s+", " ", re.sub(r"\n\s*\*(?!/)", "\n", text.replace("/*", " ").replace("*/", " ")))

    def rules(self):
        found = {}
        for file in ("sound", "price_sound", "monitor_verdict", "service_text"):
            for rule in self.tried(DEFECTS / f"{file}.so")[1]["plugins"][0]["rules"]:
                found[rule["rule"]] = rule
        return found

    def test_they_are_there_and_listed(self):
        rules = self.rules()
        for rule in rules.values():
            with self.subTest(rule["rule"]):
                source = rule["source"]
                file = PROJECT / ("sdk/include" if source.endswith(".h") else "docs") / source
                self.assertIn(rule["sentence"], self.flat(file.read_text()))
        page = (PROJECT / "docs" / "plugin-validator.md").read_text()
        listed = re.findall(r"^\| `([a-z]+\.[a-z-]+)` \|", page, re.MULTILINE)
        self.assertEqual(sorted(listed), sorted(rules))


if __name__ == "__main__":
    unittest.main(verbosity=2)
