"""Plugins that pass every trial and misbehave once the host runs: it goes on, names them, and does not suffer twice."""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest
import urllib.request

from network import BUILD, Devnet, Host, wait_for

VIM = shutil.which("vim.tiny") or shutil.which("vim")
DEFECTS = BUILD / "tests" / "defects"
SANITIZED = os.environ.get("STIPEND_SANITIZE", "") not in ("", "OFF")


class PluginTest(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(2)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        self.trigger = self.host.folder / "trigger"
        self.host.environment["STIPEND_DEFECT_TRIGGER"] = str(self.trigger)

    def install(self, name, defect, tail=b""):
        """Puts a defect into the plugin folder, as a finished file."""
        new = self.host.folder / "new.so"
        shutil.copy(DEFECTS / f"{defect}.so", new)
        with open(new, "ab") as file:
            file.write(tail)
        os.chmod(new, 0o644)
        os.rename(new, self.host.plugins / f"{name}.so")

    def use_policy(self, defect):
        self.install("policy", defect)
        text = self.host.config.read_text()
        self.host.config.write_text(re.sub(r"    plugin: payment\n    config:\n(      .*\n)+", "    plugin: policy\n", text))

    def use_price(self, defect):
        self.install("quote", defect)
        text = self.host.config.read_text()
        self.host.config.write_text(re.sub(r"  plugin: price\n  config:\n(    .*\n)+", "  plugin: quote\n", text))

    def alerts(self):
        return {alert["id"]: alert["text"] for alert in self.host.status()["alerts"]}

    def wait_for_decisions(self, more):
        wanted = len(self.host.decisions()) + more
        wait_for(lambda: len(self.host.decisions()) >= wanted, f"{more} further decisions")

    def metric(self, name):
        url = [line.split(" at ")[1].strip() for line in self.host.lines if "metrics at http" in line][-1]
        with urllib.request.urlopen(url, timeout=10) as answer:
            values = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[0] != "#")
        return {key: float(value) for key, value in values.items() if key.startswith(name)}


class Blocked(PluginTest):
    def test_a_policy_that_loops_holds_its_payees_and_nothing_else(self):
        self.use_policy("later_loop_in_decide")
        self.host.start()
        self.wait_for_decisions(2)
        self.trigger.touch()
        wait_for(lambda: self.host.status()["plugins_unwell"], "an unwell policy")
        self.assertIn("org.example.defect: decide does not return", self.host.status()["plugins_unwell"][0])
        self.host.wait_line("decide of org.example.defect")
        held = int(self.host.status()["held"])
        wait_for(lambda: int(self.host.status()["held"]) >= held + 2, "held payees")
        wait_for(lambda: "policy-0:blocked" in self.alerts(), "the alert")
        self.assertEqual(self.metric("stipend_plugins_unwell"), {"stipend_plugins_unwell": 1})
        self.assertEqual(list(self.metric("stipend_plugin_slow_calls_total").values()), [1])
        began = time.monotonic()
        self.host.status()
        self.assertLess(time.monotonic() - began, 5)
        self.trigger.unlink()
        self.wait_for_decisions(2)
        wait_for(lambda: not self.host.status()["plugins_unwell"], "a policy that is well")

    def test_a_host_with_a_policy_that_loops_stops(self):
        self.use_policy("later_loop_in_decide")
        self.host.start()
        self.wait_for_decisions(2)
        self.trigger.touch()
        wait_for(lambda: self.host.status()["plugins_unwell"], "an unwell policy")
        began = time.monotonic()
        self.assertEqual(self.host.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)
        self.host.verified()

    def test_a_price_plugin_that_never_returns_does_not_keep_the_host_from_its_end(self):
        self.use_price("price_loops")
        self.host.start()
        self.host.wait_line("begin of org.example.defect")
        self.host.status()
        began = time.monotonic()
        self.assertEqual(self.host.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)
        self.assertTrue(self.host.said("does not return: the host ends without it"))

    def leave_instances(self):
        """An instance that a call is still in at the end is left alone: no leak."""
        if SANITIZED:
            self.host.environment["ASAN_OPTIONS"] = "detect_leaks=0"

    def test_a_plugin_whose_create_loops_costs_a_reload_and_nothing_else(self):
        self.leave_instances()
        self.host.start()
        self.wait_for_decisions(1)
        self.trigger.touch()
        good = self.host.config.read_text()
        self.use_price("price_loops_in_create")
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 1)
        self.assertIn("create: price: org.example.defect has not returned within 5 s", out + err)
        self.wait_for_decisions(2)
        self.host.config.write_text(good)
        self.assertEqual(self.host.run("reload")[0], 0)
        began = time.monotonic()
        self.assertEqual(self.host.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)
        self.host.verified()

    def test_a_policy_whose_create_or_destroy_loops_costs_a_reload_and_nothing_else(self):
        self.leave_instances()
        good = self.host.config.read_text()
        self.use_policy("later_loop_in_destroy")
        looping = self.host.config.read_text()
        self.host.start()
        self.wait_for_decisions(1)
        self.trigger.touch()
        self.install("policy", "later_loop_in_create")
        self.host.wait_line("has not returned within 2 s")
        self.host.config.write_text(good)
        wait_for(lambda: self.host.run("reload")[0] == 0, "the shipped policy")
        self.wait_for_decisions(4)
        self.host.config.write_text(looping)
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 1)
        self.assertIn("org.example.defect: has not returned within 2 s", out + err)
        self.wait_for_decisions(2)
        began = time.monotonic()
        self.assertEqual(self.host.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)
        self.host.verified()

    def test_a_plugin_whose_quiesce_loops_is_left_behind(self):
        self.leave_instances()
        self.use_price("price_loops_in_quiesce")
        good = self.host.config.read_text()
        self.host.start()
        self.wait_for_decisions(1)
        self.trigger.touch()
        self.host.config.write_text(good.replace("plugin: quote", "plugin: price\n  config: { usd_per_eth: 2000 }"))
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)
        self.wait_for_decisions(2)
        began = time.monotonic()
        self.assertEqual(self.host.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)
        self.host.verified()

    def test_twelve_monitors_that_block_keep_nothing_from_its_turn(self):
        self.install("slow", "monitor_blocks")
        text = self.host.config.read_text()
        monitors = ", ".join(f"{{ name: m{at}, plugin: slow }}" for at in range(12))
        checks = ", ".join(f'{{ monitor: m{at}, target: "http://127.0.0.1:1/{at}", every: 1s }}' for at in range(12))
        text = text.replace("monitors: []", f"monitors: [{monitors}]")
        text = text.replace("orchestrators: []", "orchestrators:\n" + "".join(
            f"  - address: {address}\n    id: o{at}\n    checks: [{checks if at == 0 else ''}]\n"
            for at, address in enumerate(self.devnet.addresses.split(","))))
        self.host.config.write_text(text)
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""
        self.leave_instances()
        self.host.start()
        self.host.wait_line("begin of org.example.defect")
        wait_for(lambda: len(self.metric("stipend_plugin_slow_calls_total")) == 12, "twelve that block")
        before = len(self.host.decisions())
        time.sleep(6)  # six periods of two orchestrators
        self.assertGreaterEqual(len(self.host.decisions()) - before, 8)
        began = time.monotonic()
        self.assertEqual(self.host.stop(), 0)
        self.assertLess(time.monotonic() - began, 15)


class Taken(PluginTest):
    """What a plugin takes of the host's process in a call, long after its start."""

    def take(self, defect):
        self.use_policy(defect)
        self.host.start()
        self.wait_for_decisions(2)
        self.trigger.write_text("untouched")

    def test_signals_are_put_back_and_the_plugin_is_named(self):
        self.take("later_takes_signals")
        wait_for(lambda: "plugins:process" in self.alerts(), "the alert")
        alert = self.alerts()["plugins:process"]
        plugin = f"plugin org.example.defect ({self.host.plugins}/policy.so)"
        self.assertIn("code in this process took SIGTERM: it was ignored; ", alert)
        self.assertIn(f"{plugin} took SIGHUP: it was handled by other code", alert)
        if not SANITIZED:
            self.assertIn(f"{plugin} took SIGSEGV: it was handled by other code", alert)
        self.assertTrue(alert.endswith(": put back"), alert)
        # SIGHUP has the configuration taken anew, as before, and the next generation ends the alert.
        self.host.edit("PAYMENT_AMOUNT:-10.0}", "PAYMENT_AMOUNT:-11.0}")
        self.host.process.send_signal(signal.SIGHUP)
        self.host.wait_line("generation 2 is in force")
        wait_for(lambda: "plugins:process" not in self.alerts(), "the end of the alert")
        self.wait_for_decisions(2)
        self.assertEqual(self.host.stop(), 0)  # by SIGTERM
        self.host.verified()

    def test_the_signals_of_a_thread_are_put_back(self):
        self.take("later_blocks_signals")
        wait_for(lambda: "plugins:process" in self.alerts(), "the alert")
        self.assertEqual(f"plugin org.example.defect ({self.host.plugins}/policy.so) changed which signals a thread of the host "
                         "takes: put back", self.alerts()["plugins:process"])
        self.wait_for_decisions(2)
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()

    def test_standard_streams_are_put_back(self):
        self.take("later_closes_streams")
        # By the log, which goes on by then: what was opened meanwhile, as a question's connection, may have such a number.
        self.host.wait_line("closed standard error, descriptor 2")
        alert = self.alerts()["plugins:process"]
        self.assertIn("closed standard input, descriptor 0, which was another file then; ", alert)
        self.assertRegex(alert, r"closed standard output, descriptor 1(, which was another file then)?; ")
        self.assertRegex(alert, r"closed standard error, descriptor 2(, which was another file then)?: put back$")
        self.install("policy", "sound")
        self.host.wait_line("generation 2 is in force")  # the log goes where it went
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()

    def test_no_page_of_the_ledger_is_written_into_another_file(self):
        self.take("later_takes_ledger")
        self.assertEqual(self.host.process.wait(timeout=60), 1)
        self.host._join()
        self.assertTrue(self.host.said("ledger.db: its descriptor was taken away: number "), self.host.lines[-5:])
        self.assertEqual(self.trigger.read_text(), "untouched")
        self.trigger.unlink()
        self.host.verified()
        self.host.start()
        self.wait_for_decisions(2)
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()


@unittest.skipIf(SANITIZED, "a sanitizer has handlers of its own")
class Ended(PluginTest):
    def run_until_its_end(self):
        self.host.spawn()
        return self.host.process.wait(timeout=60)

    def last_line(self):
        self.host._join()
        return self.host.lines[-1]

    def crash(self, defect, call, cause, status):
        self.use_policy(defect)
        self.host.start()
        self.wait_for_decisions(2)
        self.trigger.touch()
        self.assertEqual(self.host.process.wait(timeout=60), status)
        line = self.last_line()
        self.assertIn(f"stipend: plugin org.example.defect ends the host in {call}: got {cause}; file {self.host.plugins}/policy.so, sha256 ", line)
        self.assertTrue(line.endswith(", generation 1\n"), line)

    def test_a_crash_in_decide_is_named(self):
        self.crash("later_crash_in_decide", "decide", "SIGSEGV 11", -11)

    def test_a_stack_that_is_used_up_is_named(self):
        self.crash("later_overflow_in_decide", "decide", "SIGSEGV 11", -11)

    def test_an_abort_in_decide_is_named(self):
        self.crash("later_abort_in_decide", "decide", "SIGABRT 6", -6)

    def test_an_exit_in_decide_is_named_and_is_no_good_end(self):
        self.crash("later_exit_in_decide", "decide", "exit with status 0", 70)
        self.trigger.unlink()
        self.host.start()
        self.assertTrue(self.host.said("plugin org.example.defect ended the host at "))

    def test_an_exit_without_handlers_is_named_as_well(self):
        self.crash("later_immediate_exit_in_decide", "decide", "exit with status 0", 70)

    def test_a_crash_in_a_thread_of_its_own_is_named(self):
        self.use_price("later_crash_in_thread")
        self.host.start()
        self.wait_for_decisions(2)
        self.trigger.touch()
        self.assertEqual(self.host.process.wait(timeout=60), -11)
        self.assertIn("stipend: plugin org.example.defect ends the host in a thread of its own: got SIGSEGV 11; file "
                      f"{self.host.plugins}/quote.so, sha256 ", self.last_line())

    def test_after_the_second_end_the_version_before_serves(self):
        self.use_policy("sound")
        self.host.start()
        self.wait_for_decisions(2)
        self.install("policy", "later_crash_in_decide")
        self.host.wait_line("generation 2 is in force")
        self.trigger.touch()
        self.host.process.wait(timeout=60)
        self.host._join()
        self.assertEqual(self.run_until_its_end(), -11)
        self.host._join()
        self.host.start()
        self.wait_for_decisions(2)
        alert = self.alerts()["plugins:put-aside:policy"]
        self.assertIn("ended the host twice in a row and is put aside: the version before serves", alert)
        # It stays aside after a good end, until another build is there.
        self.assertEqual(self.host.stop(), 0)
        self.host.start()
        self.wait_for_decisions(2)
        self.install("policy", "sound", b"\0")
        wait_for(lambda: "plugins:put-aside:policy" not in self.alerts(), "the end of the alert")

    def test_after_the_second_end_without_a_version_before_the_payees_are_held(self):
        self.use_policy("later_crash_in_decide")
        self.trigger.touch()
        self.assertEqual(self.run_until_its_end(), -11)
        self.host._join()
        self.assertEqual(self.run_until_its_end(), -11)
        self.host._join()
        self.host.start()
        wait_for(lambda: int(self.host.status()["held"]) >= 2, "held payees")
        self.assertIn("nothing serves in its place", self.alerts()["plugins:put-aside:policy"])
        self.assertTrue(any("put aside" in why for why in self.host.status()["plugins_unwell"]))
        self.install("policy", "sound")
        self.wait_for_decisions(2)


class Swap(PluginTest):
    """What lies at a plugin's place is what serves, however it came there."""
    payment = BUILD / "lib" / "stipend" / "plugins" / "payment.so"

    def setUp(self):
        super().setUp()
        self.outside = self.host.folder / "outside"
        self.outside.mkdir()
        self.place = self.host.plugins / "payment.so"

    def build_of(self, tail):
        """Other bytes, the same code."""
        return self.payment.read_bytes() + tail

    def put(self, file, tail):
        new = self.host.folder / "new.so"
        new.write_bytes(self.build_of(tail))
        new.chmod(0o644)
        os.replace(new, file)

    def name(self, file):
        self.host.edit("    plugin: payment\n", f"    plugin: {file}\n")

    def serving(self):
        code, out, err = self.host.run("plugins", "status", "--json")
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def policy(self):
        return next(one for one in self.serving()["plugins"] if one["for"] == "policy")

    def wait_serves(self, tail):
        wanted = hashlib.sha256(self.build_of(tail)).hexdigest()
        wait_for(lambda: self.policy()["sha256"] == wanted, f"the build {tail}")

    def test_a_file_outside_the_plugin_folder_is_watched(self):
        self.put(self.outside / "mine.so", b"1")
        self.name(self.outside / "mine.so")
        self.host.start()
        self.wait_serves(b"1")
        self.put(self.outside / "mine.so", b"2")
        self.wait_serves(b"2")

    def test_a_file_that_went_bad_while_the_host_was_down_does_not_keep_it_from_its_start(self):
        good = self.payment.read_bytes()
        self.host.start()
        self.wait_for_decisions(1)
        self.host.stop()
        self.assertEqual(self.host.run("check")[0], 0)
        for bad in (good[:4096], b"no library\n"):
            self.place.write_bytes(bad)
            self.assertEqual(self.host.run("check")[0], 1)
            self.host.start()
            self.wait_for_decisions(2)
            self.assertEqual(self.policy()["sha256"], hashlib.sha256(good).hexdigest())
            alert = self.alerts()["plugins:put-aside:payment"]
            self.assertIn(f"{self.place} is refused: ", alert)
            self.assertIn(f": the version before serves, sha256 {hashlib.sha256(good).hexdigest()}", alert)
            # It hinders no other change, but another bad build does.
            config = self.host.config.read_text()
            self.host.edit("max_age: 1h", "max_age: 2h")
            code, out, err = self.host.run("reload")
            self.assertEqual(code, 0, err)
            self.assertIn(f"{self.place} is refused as before: ", out + err)
            self.place.write_bytes(bad + b"worse")
            self.assertEqual(self.host.run("reload")[0], 1)
            self.host.config.write_text(config)
            self.put(self.place, b"2")
            self.wait_serves(b"2")
            wait_for(lambda: "plugins:put-aside:payment" not in self.alerts(), "the end of the alert")
            self.put(self.place, b"")
            self.wait_serves(b"")
            self.host.stop()
        self.place.unlink()
        self.assertEqual(self.host.run("run", "--once")[0], 1)
        self.host.verified()

    def test_a_folder_that_is_swapped_by_a_link_as_in_a_config_map(self):
        for at in (1, 2, 3):
            (self.outside / f"..{at}").mkdir()
            self.put(self.outside / f"..{at}" / "mine.so", b"%d" % at)
        (self.outside / "..data").symlink_to("..1")
        (self.outside / "mine.so").symlink_to("..data/mine.so")
        self.name(self.outside / "mine.so")
        self.host.start()
        self.wait_serves(b"1")
        for at in (2, 3):
            (self.outside / "..new").symlink_to(f"..{at}")
            os.replace(self.outside / "..new", self.outside / "..data")
            self.wait_serves(b"%d" % at)

    def test_a_folder_that_is_removed_and_made_anew(self):
        self.put(self.outside / "mine.so", b"1")
        self.name(self.outside / "mine.so")
        self.host.start()
        shutil.rmtree(self.outside)
        wait_for(lambda: "plugins:differs:mine" in self.alerts(), "the alert")
        self.wait_for_decisions(2)
        self.outside.mkdir()
        self.put(self.outside / "mine.so", b"2")
        self.wait_serves(b"2")
        wait_for(lambda: "plugins:differs:mine" not in self.alerts(), "the end of the alert")

    def test_of_two_files_of_one_name_the_one_that_differs_is_an_alert(self):
        second = self.host.folder / "second"  # looked at after the other one, in the order of their paths
        second.mkdir()
        shutil.copy(BUILD / "lib" / "stipend" / "plugins" / "price.so", second / "mine.so")
        self.put(self.outside / "mine.so", b"1")
        self.name(self.outside / "mine.so")
        self.host.edit("\n  plugin: price\n", f"\n  plugin: {second / 'mine.so'}\n")
        self.host.start()
        (second / "new.so").write_bytes((second / "mine.so").read_bytes() + b"2")
        new = hashlib.sha256((second / "new.so").read_bytes()).hexdigest()
        os.replace(second / "new.so", second / "mine.so")
        wait_for(lambda: any(one["sha256"] == new for one in self.serving()["plugins"]), "the second file's new build")
        (self.outside / "mine.so").unlink()
        wait_for(lambda: "plugins:differs:mine" in self.alerts(), "the alert")
        self.assertIn(f"{self.outside / 'mine.so'} is not what serves: ", self.alerts()["plugins:differs:mine"])
        self.put(self.outside / "mine.so", b"1")
        wait_for(lambda: "plugins:differs:mine" not in self.alerts(), "the end of the alert")

    def test_a_file_is_taken_only_when_it_is_finished(self):
        self.put(self.place, b"1")
        self.host.start()
        new = self.build_of(b"2" * 4096)
        third = len(new) // 3
        with open(self.place, "r+b") as file:  # in place, with pauses that are longer than any quiet time
            for part in (new[:third], new[third:2 * third], new[2 * third:]):
                file.write(part)
                file.flush()
                time.sleep(1.7)
        self.wait_serves(b"2" * 4096)
        self.assertEqual(self.policy()["generation"], 2)
        self.assertFalse(self.host.said("when probed"))

    def test_parts_that_are_written_one_by_one_are_no_build(self):
        self.put(self.place, b"1")
        self.host.start()
        new = self.build_of(b"2" * 4096)
        for at in range(0, len(new), len(new) // 6 + 1):  # closed in between
            with open(self.place, "r+b") as file:
                file.seek(at)
                file.write(new[at:at + len(new) // 6 + 1])
            time.sleep(0.5)
        self.wait_serves(b"2" * 4096)
        self.assertEqual(self.policy()["generation"], 2)

    def test_the_newest_of_four_files_serves_by_itself(self):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "20"
        self.host.start()
        self.wait_for_decisions(2)
        for at in range(4):
            self.put(self.place, b"%d" % at)
            time.sleep(1.5)
        self.wait_serves(b"3")
        wait_for(lambda: "plugins:differs:payment" not in self.alerts(), "no difference")
        self.assertFalse(self.host.said("rejected"))

    def test_a_file_that_is_refused_is_an_alert_until_another_one_serves(self):
        self.host.start()
        self.install("payment", "crash_in_constructor")
        wait_for(lambda: "plugins:differs:payment" in self.alerts(), "the alert")
        self.assertIn("plugin ends the process when probed", self.alerts()["plugins:differs:payment"])
        self.wait_for_decisions(2)
        self.put(self.place, b"2")
        self.wait_serves(b"2")
        wait_for(lambda: "plugins:differs:payment" not in self.alerts(), "the end of the alert")

    def test_the_configuration_is_watched_where_it_says_so(self):
        self.host.config.write_text("watch: true\n" + self.host.config.read_text())
        self.host.start()
        text = self.host.config.read_text().replace("table: default", "table: flat-95")
        new = self.host.folder / "new.yaml"
        new.write_text(text)
        os.replace(new, self.host.config)
        self.host.wait_line("generation 2 is in force")
        self.host.config.write_text(text.replace("table: flat-95", "table: no-such-table"))
        self.host.wait_line("rejected")

    @unittest.skipIf(VIM is None, "vim is not installed (Debian: vim-tiny)")
    def test_what_vim_writes_is_taken_in_place_and_by_rename(self):
        self.host.config.write_text("watch: true\n" + self.host.config.read_text())
        self.host.start()

        def edit(old, new, *how):
            # Another interval ends before: a generation in which no period began would be replaced, not followed.
            self.wait_for_decisions(4)
            before = self.host.config.stat().st_ino
            done = subprocess.run([VIM, "-N", "-u", "NONE", "-es", *how, "-c", f"%s/table: {old}/table: {new}/", "-c", "wq",
                                   self.host.config], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn(f"table: {new}", self.host.config.read_text())
            return self.host.config.stat().st_ino == before

        edit("default", "flat-95")
        self.host.wait_line("generation 2 is in force")
        in_place = edit("flat-95", "default", "-c", "set backupskip= backup backupcopy=no")
        self.assertFalse(in_place)
        self.host.wait_line("generation 3 is in force")
        in_place = edit("default", "flat-95", "-c", "set backupskip= backupcopy=yes")
        self.assertTrue(in_place)
        self.host.wait_line("generation 4 is in force")
        self.assertFalse(self.host.said("rejected"))

    def test_the_configuration_is_not_watched_by_default(self):
        self.host.start()
        self.host.edit("table: default", "table: flat-95")
        time.sleep(4)
        self.assertFalse(self.host.said("generation 2 is in force"))

    def test_what_serves_is_listed(self):
        self.host.start()
        self.wait_for_decisions(2)
        self.put(self.place, b"2")
        self.wait_serves(b"2")
        status = self.serving()
        self.assertEqual([one["for"] for one in status["plugins"]], ["policy", "dispatch", "price", "page:ui"])
        policy = status["plugins"][0]
        self.assertEqual((policy["id"], policy["file"], policy["generation"]),
                         ("org.stipend.payment", str(self.place), 2))
        self.assertEqual(status["plugins"][1]["generation"], 1)
        self.assertEqual(sum(int(one["payees"]) for one in status["generations"]), 2)
        self.assertEqual(status["generations"][-1]["sha256"], policy["sha256"])
        text = self.host.run("plugins", "status")[1]
        self.assertIn(f"  file {self.place}\n  sha256 {policy['sha256']}\n  generation 2, since ", text)
        self.assertIn("decides for ", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
