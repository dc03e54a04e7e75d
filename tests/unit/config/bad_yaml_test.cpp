#include <doctest/doctest.h>

#include "bad_file.hpp"

using namespace stipend::config;

namespace {

// The file and the report about it.
const BadFile bad_yaml[] = {
    {"a tab in the indentation",
     "payment:\n"
     "\tinterval: 60s\n",
     "config.yaml:2:1: not YAML: got a tab in the indentation, want blanks\n"
     "  \tinterval: 60s\n"
     "  ^\n"},
    {"a duplicate key",
     "payment: {}\n"
     "log: {}\n"
     "payment: {}\n",
     "config.yaml:3:1: duplicate key \"payment\": want it once; the first is at line 1, column 1\n"
     "  payment: {}\n"
     "  ^\n"},
    {"a duplicate key in another spelling",
     "\"log\": {}\n"
     "log: {}\n",
     "config.yaml:2:1: duplicate key \"log\": want it once; the first is at line 1, column 1\n"
     "  log: {}\n"
     "  ^\n"},
    {"a merge key",
     "log: &l { level: info }\n"
     "payment: { <<: *l }\n",
     "config.yaml:2:12: got the merge key \"<<\", want the keys themselves: YAML 1.2 has no merge key\n"
     "  payment: { <<: *l }\n"
     "             ^\n"},
    {"a second document",
     "log: {}\n"
     "---\n"
     "log: {}\n",
     "config.yaml:2:1: a second document begins here: want one (look at the indentation)\n"
     "  ---\n"
     "  ^\n"},
    {"text after the end of a list",
     "- a\n"
     "log: {}\n",
     "config.yaml:2:1: a second document begins here: want one (look at the indentation)\n"
     "  log: {}\n"
     "  ^\n"},
    {"a tag", "network: { chain_id: !!float 1 }\n",
     "config.yaml:1:22: got the tag \"!!float\", want none\n"
     "  network: { chain_id: !!float 1 }\n"
     "                       ^\n"},
    {"a tag of no known type", "network: !net { chain_id: 1 }\n",
     "config.yaml:1:10: got the tag \"!net\", want none\n"
     "  network: !net { chain_id: 1 }\n"
     "           ^\n"},
    {"a list as a key", "[a, b]: 1\n",
     "config.yaml:1:1: got a list or a mapping as a key, want text\n"
     "  [a, b]: 1\n"
     "  ^\n"},
    {"a missing key", "{ : 1 }\n",
     "config.yaml:1:3: a key is missing: want text before the \":\"\n"
     "  { : 1 }\n"
     "    ^\n"},
    {"an alias without its anchor", "log: *nowhere\n",
     "config.yaml:1:6: not YAML: the alias names an anchor that is not there\n"
     "  log: *nowhere\n"
     "       ^\n"},
    {"an alias inside what it names", "log: &l { level: *l }\n",
     "config.yaml:1:18: the alias is inside the value that it names: want a finished value\n"
     "  log: &l { level: *l }\n"
     "                   ^\n"},
    {"a bracket without its end", "log: { level: info\n",
     "config.yaml:1:6: not YAML: this \"{\" has no \"}\"\n"
     "  log: { level: info\n"
     "       ^\n"},
    {"a quote without its end", "state: \"var\n",
     "config.yaml:1:1: not YAML: a quote after this has no end\n"
     "  state: \"var\n"
     "  ^\n"},
    {"a colon in a plain text", "state: a: b\n",
     "config.yaml:1:9: not YAML: a \":\" is not allowed here: want quotes around the text, or other "
     "indentation\n"
     "  state: a: b\n"
     "          ^\n"},
    {"a reserved character", "state: @var\n",
     "config.yaml:1:8: not YAML: no value begins with this character: want quotes around it\n"
     "  state: @var\n"
     "         ^\n"},
    {"indentation that fits nowhere",
     "payment:\n"
     "    interval: 60s\n"
     "  base: 1 USD\n",
     "config.yaml:3:3: not YAML: want another key of the mapping that began here: look at the indentation "
     "below\n"
     "    base: 1 USD\n"
     "    ^\n"},
    {"a byte that is not UTF-8",
     "state: var\n"
     "log: { level: \377 }\n",
     "config.yaml:2:15: got the byte 0xFF, want text in UTF-8\n"
     "  log: { level: <0xFF> }\n"
     "                ^\n"},
    {"a control character", "state: \"a\001\"\n",
     "config.yaml:1:10: got the byte 0x01, want text in UTF-8\n"
     "  state: \"a<U+0001>\"\n"
     "           ^\n"},
    {"a key without its colon at the end",
     "state: var\n"
     "not-a-key\n",
     "config.yaml:2:1: not YAML: want another key of the mapping that began here: look at the indentation "
     "below\n"
     "  not-a-key\n"
     "  ^\n"},
    {"a bracket of a list without its end",
     "orchestrators: [a,\n"
     "  b\n",
     "config.yaml:1:16: not YAML: this \"[\" has no \"]\"\n"
     "  orchestrators: [a,\n"
     "                 ^\n"},
    {"a comma too many", "log: { level: info },\n",
     "config.yaml:1:21: not YAML: want another key of the mapping that began here: look at the "
     "indentation below\n"
     "  log: { level: info },\n"
     "                      ^\n"},
    {"an expansion inside braces without quotes", "log: { level: ${LOG_LEVEL:-info} }\n",
     "config.yaml:1:6: not YAML: this \"{\" has no \"}\"; inside { } and [ ], ${...} needs quotes around "
     "it\n"
     "  log: { level: ${LOG_LEVEL:-info} }\n"
     "       ^\n"},
    {"a quote without its end in a list", "monitors: [a, 'b]\n",
     "config.yaml:1:12: not YAML: a quote after this has no end\n"
     "  monitors: [a, 'b]\n"
     "             ^\n"},
};

}  // namespace

TEST_CASE("what is not YAML is reported at the place where it stops being it") {
    for (const auto& file : bad_yaml) {
        CAPTURE(file.what);
        CHECK(diagnostics_of(file.text) == file.diagnostics);
    }
}
