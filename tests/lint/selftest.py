#!/usr/bin/env python3
"""Each rule goes red on one planted violation, and stays green on what only looks like one."""

import pathlib
import tempfile
import unittest

import includes
import layers
import words


class Planted(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stipend-layers-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()

    def plant(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def red(self, name, text, *expected):
        self.plant(name, text)
        problems = layers.check(self.root)
        self.assertEqual(len(problems), 1, problems)
        for part in (f"{name}:", *expected):
            self.assertIn(part, problems[0])
        (self.root / name).unlink()

    def green(self, name, text):
        self.plant(name, text)
        self.assertEqual(layers.check(self.root), [])

    def test_the_sdk_uses_no_host(self):
        self.red("sdk/include/stipend/x.hpp", '\n#include "host/base/time.hpp"\n', ":2: ", "sdk/")
        self.red("sdk/include/stipend/x.hpp", "#include <host/base/time.hpp>\n", "sdk/")
        self.red("sdk/testing/x.hpp", '#include "../../host/base/time.hpp"\n', "sdk/")
        self.green("sdk/include/stipend/abi/x.h", '#include "types.h"\n#include <stdint.h>\n')

    def test_ethereum_uses_the_sdk_only(self):
        self.red("ethereum/x.cpp", '#include "host/base/time.hpp"\n', "only stipend/")
        self.red("ethereum/x.cpp", '#include "key.hpp"\n', "the whole way")
        self.red("sdk/include/stipend/x.hpp", '#include "ethereum/key.hpp"\n', "sdk/")
        self.green("ethereum/x.cpp", '#include "ethereum/key.hpp"\n#include "stipend/hex.hpp"\n#include <secp256k1.h>\n')

    def test_livepeer_uses_the_sdk_and_ethereum_only(self):
        self.red("livepeer/x.cpp", '#include "host/http/client.hpp"\n', "only stipend/")
        self.red("livepeer/x.cpp", '#include "plugins/byoc/answer.hpp"\n', "only stipend/")
        self.red("livepeer/x.cpp", '#include "wire.hpp"\n', "the whole way")
        self.red("ethereum/x.cpp", '#include "livepeer/wire.hpp"\n', "only stipend/")
        self.red("sdk/include/stipend/x.hpp", '#include "livepeer/wire.hpp"\n', "sdk/")
        self.red("host/engine/x.cpp", '#include "livepeer/wire.hpp"\n', "the whole way")
        self.green("livepeer/x.cpp", '#include "livepeer/wire.hpp"\n#include "ethereum/key.hpp"\n')
        self.green("plugins/a/a.cpp", '#include "livepeer/wire.hpp"\n')
        self.green("tools/load/x.cpp", '#include "livepeer/wire.hpp"\n')

    def test_one_library_knows_the_curve(self):
        self.red("host/auth/x.cpp", "#include <secp256k1_recovery.h>\n", "ethereum/ only")
        self.red("plugins/a/a.cpp", "#include <secp256k1.h>\n", "ethereum/ only")
        self.green("plugins/a/a.cpp", '#include "ethereum/key.hpp"\n')

    def test_a_plugin_includes_the_sdk_and_its_own(self):
        self.red("plugins/a/a.cpp", '#include "host/base/time.hpp"\n', "files of plugins/a")
        self.red("plugins/a/a.cpp", "#include <host/base/time.hpp>\n", "files of plugins/a")
        self.plant("plugins/b/b.hpp", "")
        self.red("plugins/a/a.cpp", '#include "../b/b.hpp"\n', "files of plugins/a")
        self.red("plugins/a/a.cpp", '#include "missing.hpp"\n', "files of plugins/a")
        self.plant("plugins/a/own.hpp", "")
        self.green("plugins/a/sub/a.cpp", '#include "own.hpp"\n#include "stipend/plugin.hpp"\n#include <botan/x.h>\n')

    def test_a_plugin_opens_no_socket(self):
        for header in ("curl/curl.h", "boost/asio.hpp", "boost/beast/http.hpp", "sys/socket.h", "netdb.h"):
            self.red("plugins/a/a.cpp", f"#include <{header}>\n", "the host's HTTP client")

    def test_nobody_includes_a_plugin(self):
        self.red("host/engine/x.cpp", '#include "plugins/payment/policy.hpp"\n', "no plugin")
        self.red("tools/load/x.cpp", '#include "plugins/payment/policy.hpp"\n', "no plugin")
        self.red("tools/load/x.cpp", '#include "plugins/byoc/answer.hpp"\n', "no plugin")
        self.green("tools/gateway_credential/x.cpp", '#include "plugins/byoc/answer.hpp"\n')

    def test_tools_link_no_engine(self):
        self.red("tools/load/x.cpp", '#include "host/engine/replay.hpp"\n', "only base, config, http")
        self.green("tools/load/x.cpp", '#include "host/http/client.hpp"\n')

    def test_arrows_go_down(self):
        self.red("host/base/x.cpp", '#include "host/http/client.hpp"\n', "host/base")
        self.red("host/ledger/x.cpp", '#include "host/engine/account.hpp"\n', "host/ledger")
        self.red("host/ledger/x.cpp", '#include "host/registry/payee.hpp"\n', "host/ledger")
        self.red("host/runtime/x.cpp", '#include "host/engine/engine.hpp"\n', "host/runtime")
        self.red("host/worker/x.cpp", '#include "host/engine/engine.hpp"\n', "host/worker")
        self.red("host/cli/x.cpp", '#include "host/unheard/x.hpp"\n', "host/cli")
        self.red("host/http/CMakeLists.txt", "stipend_module(http DEPENDS stipend_plugin)\n", "stipend_plugin")
        self.red("host/unheard/x.cpp", "", "the layer host/unheard")
        self.red("host/http/x.cpp", '#include "client.hpp"\n', '"host/http/client.hpp"')
        self.green("host/cli/x.cpp", '#include "host/runtime/x.hpp"\n#include "host/base/x.hpp"\n#include "host/cli/y.hpp"')
        self.green("host/plugin/CMakeLists.txt", "stipend_module(plugin DEPENDS stipend_http stipend_base)\n")

    def test_the_host_knows_no_tier(self):
        self.red("host/engine/x.cpp", 'if (name == "excellent") {}\n', 'the tier\'s name "excellent"')
        self.red("host/engine/x.cpp", 'if (name == "OFFLINE") {}\n', "the tier's name")
        self.red("host/engine/x.cpp", 'if (tier == "critical") {}\n', "the tier's name")
        self.green("host/base/x.cpp", 'level("warning"); level("critical"); say("a good day"); // as "excellent"\n')

    def test_the_host_knows_no_wire_of_livepeer(self):
        self.red("host/engine/x.cpp", 'header("Livepeer", value);\n', "the header")
        self.red("host/engine/x.cpp", 'const auto* name = "x-orchestrator-url";\n', "the header")
        self.green("host/engine/x.cpp", 'say("for Livepeer networks");\n')

    def test_the_host_knows_no_chain(self):
        self.red("host/engine/x.cpp", 'rpc("eth_sendRawTransaction");\n', "the RPC method")
        self.red("host/engine/x.cpp", 'rpc("eth_call");\n', "the RPC method")
        self.green("host/runtime/x.cpp", 'field("eth_address"); auto usd_per_eth_e8 = 1;\n')

    def test_only_one_layer_loads_code(self):
        self.red("host/engine/x.cpp", 'void* p = dlopen("x", 0);\n', "host/plugin only")
        self.red("tools/load/x.cpp", "#include <boost/dll/shared_library.hpp>\n", "host/plugin only")
        self.green("host/plugin/x.cpp", "#include <boost/dll/shared_library.hpp>\n")

    def test_only_one_layer_knows_the_database(self):
        self.red("host/engine/x.cpp", "#include <sqlite3.h>\n", "host/base and host/ledger only")
        self.green("host/ledger/x.cpp", "#include <sqlite3.h>\n")

    def test_no_source_names_a_foreign_host(self):
        foreign = "https://registry." + "acme-packages.io/simple"
        self.red("cmake/x.cmake", f'set(index "{foreign}")\n', "the host registry.acme-packages.io")
        self.red("tests/x.py", f"index = '{foreign.replace('registry', 'user:word@registry')}'\n", "the host registry.")
        self.green("config.yaml", "a: https://orch7.example.com:9995\nb: http://livepeer-gateway:8935\n"
                                  "c: https://172.23.0.7:9995/\nd: https://sentinel.invalid:1\ne: http://[::1]:80/\n")

    def test_no_source_names_a_path_of_one_machine(self):
        self.red("tests/x.cpp", 'open("' + "/wo" + 'rk/main/x");\n', "no path of one machine")
        self.red("CMakeLists.txt", "add_compile_options(-I" + "/ho" + "me/ann/boost)\n", "no path of one machine")
        self.green("tests/x.cpp", 'get("https://host/work/x"); open("var/work/x");\n')

    def test_units_of_a_folder_do_not_include_each_other_in_a_circle(self):
        self.plant("host/a/x.hpp", '#include "host/a/y.hpp"\n')
        self.plant("host/a/y.hpp", "")
        self.plant("host/a/y.cpp", '#include "host/a/y.hpp"\n#include "host/a/z.hpp"\n')
        self.plant("host/a/z.hpp", "")
        self.assertEqual(includes.check(self.root), [])
        self.plant("host/a/z.hpp", '#include "host/a/x.hpp"\n')
        problems = includes.check(self.root)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn("host/a/x.hpp -> host/a/y.hpp -> host/a/z.hpp -> host/a/x.hpp", problems[0])

    def test_a_header_includes_what_it_uses(self):
        self.plant("host/a/x.hpp", "#include <string>\n#include <vector>\nstd::string text();  // no std::vector\n")
        self.assertEqual(includes.check(self.root),
                         ["host/a/x.hpp:2: got #include <vector>, want a header that is used"])

    def test_a_header_in_c_includes_what_it_uses(self):
        self.plant("sdk/include/stipend/abi/x.h", "#include <stddef.h>\n#include <stdint.h>\nint64_t f(void*); /* may be NULL */\n")
        self.assertEqual(includes.check(self.root), [])
        self.plant("sdk/include/stipend/abi/x.h", "#include <stddef.h>\n#include <stdint.h>\nvoid f(int); /* an int32_t */\n")
        self.assertEqual(includes.check(self.root),
                         [f"sdk/include/stipend/abi/x.h:{line}: got #include <{name}>, want a header that is used"
                          for line, name in ((1, "stddef.h"), (2, "stdint.h"))])

    def test_comments_messages_and_documents_have_things_for_subjects(self):
        def found(name, text):
            return list(words.check(pathlib.Path(name), text))

        self.assertEqual(len(found("x.cpp", "// Nobody is asked.\n")), 1)
        self.assertEqual(len(found("x.cpp", 'say("whoever asks is told");\n')), 2)
        self.assertEqual(len(found("x.py", "# The room's door.\n")), 2)
        self.assertEqual(len(found("x.md", "It stands here, for want of a better place.\n")), 2)
        self.assertEqual(len(found("x.cpp", "// The shop is closed: someone has the key.\n")), 2)
        self.assertEqual(found("x.cpp", "int nobody = tell(whoever);  // operators who run it\n"), [])
        self.assertEqual(found("x.md", "UTC stands for a time zone. `nobody` is a user.\n"), [])

    def test_scripts_of_cmake_json_web_pages_and_templates_are_read_too(self):
        def found(name, text):
            return [problem.split(": got")[0] for problem in words.check(pathlib.Path(name), text)]

        self.assertEqual(found("tests/CMakeLists.txt", "# They stand on it.\nadd_room(tell)\n"), ["tests/CMakeLists.txt:1"])
        self.assertEqual(found("notes.txt", "It is\ntold.\n"), ["notes.txt:2"])
        self.assertEqual(found("openapi.json", '{"a": 1,\n "b": "Nobody reads it."}\n'), ["openapi.json:2"])
        self.assertEqual(found("x.cpp.in", "// Whoever.\nint nobody;\n"), ["x.cpp.in:1"])
        self.assertEqual(found("x.cmake.in", "# It tells.\nroom(1)\n"), ["x.cmake.in:1"])
        self.assertEqual(found("index.html", "<p>A room</p>\n"), ["index.html:1"])
        page = "// told\nconst room = tell(1 > 0);\nconst a = 'stands', b = `${a} door`;\nreturn <p>Nobody {a} is told</p>;\n"
        self.assertEqual(found("x.tsx", page), ["x.tsx:1", "x.tsx:3", "x.tsx:3", "x.tsx:4", "x.tsx:4"])


if __name__ == "__main__":
    unittest.main()
