#!/usr/bin/env python3
"""The worked examples of docs/abi-policy.md: a field, a call and a kind that today's host does not know are each added to
a copy of the headers, and a policy that uses them decides as before. A policy that was built before the newest field
decides, too.

    tests/abi/examples.py --build FOLDER
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLUGIN = ROOT / "tests/out_of_tree/threshold_c/threshold.c"  # pays one dollar from 95 % on, in C and without an SDK
WANT = [("pay", "1"), ("skip", "0"), ("skip", "0"), ("hold", "0")]
SAMPLES = """\
{"orchestrator":"o1","job":"ok","uptime_percent":95}
{"orchestrator":"o1","job":"ok","uptime_percent":94.9}
{"orchestrator":"o1","job":"failed"}
{"orchestrator":"o1","job":"unknown"}
"""
CONFIG = "payment: {{interval: 60s, base: 1 USD, policy: {{plugin: {library}}}}}\n"


class Example(unittest.TestCase):
    stipend = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stipend-abi-example-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.include = self.folder / "include"
        shutil.copytree(ROOT / "sdk/include/stipend", self.include / "stipend")
        self.source = self.folder / "policy.c"
        self.source.write_text(PLUGIN.read_text(encoding="utf-8"), encoding="utf-8")
        self.library = self.folder / "policy.so"

    def change(self, path, old, new):
        text = path.read_text(encoding="utf-8")
        self.assertEqual(text.count(old), 1, f"{path.name} holds {old!r} once")
        path.write_text(text.replace(old, new), encoding="utf-8")

    def header(self, name):
        return self.include / "stipend/abi" / name

    def compile(self):
        subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden", "-I",
                        self.include, self.source, "-o", self.library], check=True)

    def ask(self, *arguments, text=""):
        return subprocess.run([self.stipend, *map(str, arguments)], input=text, text=True, capture_output=True,
                              timeout=120)

    def decisions(self):
        config = self.folder / "config.yaml"
        config.write_text(CONFIG.format(library=self.library), encoding="utf-8")
        done = self.ask("policy", "eval", "-c", config, text=SAMPLES)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [(one["action"], one["amount_usd"]) for one in map(json.loads, done.stdout.splitlines())]

    def decides_as_before(self):
        self.compile()
        self.assertEqual(self.decisions(), WANT)
        tested = self.ask("plugins", "test", self.library)
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)


class Field(Example):
    def test_a_policy_that_knows_a_newer_field(self):
        self.change(self.header("policy.h"), "} stipend_sample;",
                    "    uint32_t weather_ppm; /* 0: the host knows none, or is older than this field */\n"
                    "    uint32_t reserved1;   /* 0 */\n} stipend_sample;")
        # What the host has not written is not read: a record is as long as it says.
        self.change(self.source, "sample->size < sizeof *sample", "sample->size < offsetof(stipend_sample, weather_ppm)")
        self.change(self.source, "static void decide_one(",
                    "static uint32_t weather(const stipend_sample* s) {\n"
                    "    const size_t end = offsetof(stipend_sample, weather_ppm) + sizeof s->weather_ppm;\n"
                    "    return s->size < end ? 0 : s->weather_ppm;\n}\n\nstatic void decide_one(")
        self.change(self.source, "    if (answered && s->reported_ppm",
                    "    if (weather(s) != 0) return;\n    if (answered && s->reported_ppm")
        self.change(self.source, "#include <string.h>", "#include <stddef.h>\n#include <string.h>")
        self.decides_as_before()

    def test_a_policy_from_before_the_newest_field(self):
        text = self.header("policy.h").read_text(encoding="utf-8")
        at, end = text.index("    uint32_t demand_ppm;"), text.index("} stipend_sample;")
        self.header("policy.h").write_text(text[:at] + text[end:], encoding="utf-8")
        self.decides_as_before()


class Call(Example):
    def test_a_service_that_this_host_lacks(self):
        self.change(self.header("host.h"), "#define STIPEND_HOST_THREADS ",
                    '#define STIPEND_HOST_WEATHER "stipend.host.weather/1"\n'
                    "typedef struct stipend_host_weather_v1 {\n"
                    "    uint32_t (*ppm)(const stipend_host* h); /* [any] */\n"
                    "} stipend_host_weather_v1;\n\n#define STIPEND_HOST_THREADS ")
        self.change(self.source, "    (void)h, (void)id, (void)name, (void)config, (void)t, (void)e;\n    *out",
                    "    (void)id, (void)name, (void)config, (void)t, (void)e;\n"
                    "    const stipend_host_weather_v1* weather =\n"
                    "        h == NULL ? NULL : h->get_interface(h, STIPEND_HOST_WEATHER);\n"
                    "    if (weather != NULL && weather->ppm(h) != 0) return STIPEND_E_UNSUPPORTED;\n    *out")
        self.decides_as_before()

    def test_a_second_table_of_a_plugin(self):
        self.change(self.header("policy.h"), '#define STIPEND_POLICY "stipend.policy/1"',
                    '#define STIPEND_POLICY "stipend.policy/1"\n#define STIPEND_POLICY_NEXT "stipend.policy/2"')
        self.change(self.source, "    return strcmp(id, STIPEND_POLICY)",
                    "    if (strcmp(id, STIPEND_POLICY_NEXT) == 0) return &policy;\n    return strcmp(id, STIPEND_POLICY)")
        self.change(self.source, "kinds[] = {STIPEND_POLICY,", "kinds[] = {STIPEND_POLICY_NEXT, STIPEND_POLICY,")
        self.decides_as_before()


class Kind(Example):
    def add_kind(self, kinds):
        text = '#ifndef STIPEND_ABI_WEATHER_H\n#define STIPEND_ABI_WEATHER_H\n#define STIPEND_WEATHER "stipend.weather/1"\n#endif\n'
        self.header("weather.h").write_text(text, encoding="utf-8")
        self.change(self.source, "#include <stipend/version.h>", "#include <stipend/abi/weather.h>\n#include <stipend/version.h>")
        self.change(self.source, "kinds[] = {STIPEND_POLICY,", f"kinds[] = {{{kinds},")

    def test_beside_a_kind_that_this_host_knows(self):
        self.add_kind("STIPEND_WEATHER, STIPEND_POLICY")
        self.decides_as_before()

    def test_alone_it_is_refused_by_name(self):
        self.add_kind("STIPEND_WEATHER")
        self.compile()
        done = self.ask("plugins", "inspect", self.library)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("unknown kind", done.stderr)
        self.assertIn("org.example.threshold-c: got stipend.weather/1, want one of stipend.policy/1", done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the tree's build folder")
    args, rest = parser.parse_known_args()
    Example.stipend = args.build / "bin/stipend"
    unittest.main(argv=[sys.argv[0], *rest])
