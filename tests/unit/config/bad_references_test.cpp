#include <doctest/doctest.h>

#include "bad_file.hpp"

using namespace stipend::config;

namespace {

// The file and the report about it.
const BadFile bad_references[] = {
    {"an address twice",
     "orchestrators:\n"
     "  - address: https://a:1\n"
     "  - address: https://a:1/\n",
     "config.yaml:3:14: orchestrators[1].address: got \"https://a:1\", which orchestrators[0].address at "
     "line 2, column 14 has already: want it once\n"
     "    - address: https://a:1/\n"
     "               ^\n"},
    {"an address twice, in two spellings",
     "orchestrators:\n"
     "  - { address: https://orch.example, id: a }\n"
     "  - { address: https://Orch.example.:443, id: b }\n",
     "config.yaml:3:16: orchestrators[1].address: got \"https://Orch.example.:443\", which orchestrators[0].address at "
     "line 2, column 16 has already: want it once\n"
     "    - { address: https://Orch.example.:443, id: b }\n"
     "                 ^\n"},
    {"a service address that is another's address in another spelling",
     "orchestrators:\n"
     "  - address: https://A:1\n"
     "  - { address: https://b:1, service_addresses: [https://a:01] }\n",
     "config.yaml:3:49: orchestrators[1].service_addresses[0]: got \"https://a:01\", which "
     "orchestrators[0].address at line 2, column 14 has already: want it once\n"
     "    - { address: https://b:1, service_addresses: [https://a:01] }\n"
     "                                                  ^\n"},
    {"payouts without a daily limit",
     "settlement: ethereum\n"
     "payouts: { min: 0.02 ETH }\n",
     "config.yaml:2:10: payouts.per_day: got no limit, want the most that may be paid on a day, since settlement is "
     "ethereum\n"
     "  payouts: { min: 0.02 ETH }\n"
     "           ^\n"},
    {"payouts that would all be held",
     "settlement: ethereum\n"
     "payouts: { min: 2 ETH, per_day: 1 ETH }\n",
     "config.yaml:2:17: payouts.min: got 2 ETH, want at most payouts.per_payment, 1 ETH: each payment would be held\n"
     "  payouts: { min: 2 ETH, per_day: 1 ETH }\n"
     "                  ^\n"},
    {"a limit of a day below that of one payment",
     "settlement: ethereum\n"
     "payouts: { per_payee_day: 0.5 ETH, per_day: 1 ETH }\n",
     "config.yaml:2:27: payouts.per_payee_day: got 0.5 ETH, want at least payouts.per_payment, 1 ETH: a payment up to "
     "that could never be made\n"
     "  payouts: { per_payee_day: 0.5 ETH, per_day: 1 ETH }\n"
     "                            ^\n"},
    {"an id twice",
     "orchestrators:\n"
     "  - { address: https://a:1, id: o }\n"
     "  - { address: https://b:1, id: o }\n",
     "config.yaml:3:33: orchestrators[1].id: got \"o\", which orchestrators[0].id at line 2, column 33 "
     "has already: want it once\n"
     "    - { address: https://b:1, id: o }\n"
     "                                  ^\n"},
    {"an id that is another's address",
     "orchestrators:\n"
     "  - { address: https://a:1, id: b:1 }\n"
     "  - address: https://b:1\n",
     "config.yaml:3:14: orchestrators[1].address: got \"b:1\", which orchestrators[0].id at line 2, "
     "column 33 has already: want it once\n"
     "    - address: https://b:1\n"
     "               ^\n"},
    {"an entry of the variable that is none", "orchestrator_addresses: https://b:1,b:2\n",
     "config.yaml:1:25: orchestrator_addresses: entry 2: got \"b:2\", want an address without path, user "
     "and password, such as https://172.23.0.7:9995 (IPv4 as four decimal numbers, a name with at most one dot at its "
     "end)\n"
     "  orchestrator_addresses: https://b:1,b:2\n"
     "                          ^\n"},
    {"a service address that is another's address",
     "orchestrators:\n"
     "  - address: https://a:1\n"
     "  - { address: https://b:1, service_addresses: [https://c:1, https://a:1] }\n",
     "config.yaml:3:62: orchestrators[1].service_addresses[1]: got \"https://a:1\", which "
     "orchestrators[0].address at line 2, column 14 has already: want it once\n"
     "    - { address: https://b:1, service_addresses: [https://c:1, https://a:1] }\n"
     "                                                               ^\n"},
    {"a service address of two",
     "orchestrators:\n"
     "  - { address: https://a:1, service_addresses: [https://c:1] }\n"
     "  - { address: https://b:1, service_addresses: [https://c:1/] }\n",
     "config.yaml:3:49: orchestrators[1].service_addresses[0]: got \"https://c:1\", which "
     "orchestrators[0].service_addresses at line 2, column 48 has already: want it once\n"
     "    - { address: https://b:1, service_addresses: [https://c:1/] }\n"
     "                                                  ^\n"},
    {"a service address of two behind one that is refused",
     "orchestrators:\n"
     "  - address: https://a:1\n"
     "  - { address: https://b:1, service_addresses: [c, https://a:1] }\n",
     "config.yaml:3:49: orchestrators[1].service_addresses[0]: got \"c\", want an address without path, user and "
     "password, such as https://172.23.0.7:9995 (IPv4 as four decimal numbers, a name with at most one dot at its "
     "end)\n"
     "    - { address: https://b:1, service_addresses: [c, https://a:1] }\n"
     "                                                  ^\n"
     "config.yaml:3:52: orchestrators[1].service_addresses[1]: got \"https://a:1\", which "
     "orchestrators[0].address at line 2, column 14 has already: want it once\n"
     "    - { address: https://b:1, service_addresses: [c, https://a:1] }\n"
     "                                                     ^\n"},
    {"a worker's key of two, however it is spelled",
     "orchestrators:\n"
     "  - { address: https://a:1, worker_key: abababababababababababababababababababababababababababababababab }\n"
     "  - { address: https://b:1, worker_key: ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB }\n",
     "config.yaml:3:41: orchestrators[1].worker_key: got "
     "\"ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB\", which orchestrators[0].worker_key at line "
     "2, column 41 has already: want it once\n"
     "    - { address: https://b:1, worker_key: ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB }\n"
     "                                          ^\n"},
    {"a monitor twice",
     "monitors:\n"
     "  - { name: web, plugin: monitor }\n"
     "  - { name: web, plugin: monitor }\n",
     "config.yaml:3:13: monitors[1].name: got \"web\", which monitors[0].name at line 2, column 13 has already: want "
     "it "
     "once\n"
     "    - { name: web, plugin: monitor }\n"
     "              ^\n"},
    {"a check of a monitor that is not there",
     "monitors: [{ name: web, plugin: monitor }]\n"
     "orchestrators:\n"
     "  - address: https://a:1\n"
     "    checks: [{ monitor: wed, target: x }]\n",
     "config.yaml:4:25: orchestrators[0].checks[0].monitor: got \"wed\", want a name that `monitors` has; "
     "did you mean \"web\"?\n"
     "      checks: [{ monitor: wed, target: x }]\n"
     "                          ^\n"},
    {"a capability that is not there",
     "capabilities: { agent-net: {} }\n"
     "orchestrators: [{ address: \"https://a:1\", capability: agentnet }]\n",
     "config.yaml:2:55: orchestrators[0].capability: got \"agentnet\", want a name that `capabilities` "
     "has; did you mean \"agent-net\"?\n"
     "  orchestrators: [{ address: \"https://a:1\", capability: agentnet }]\n"
     "                                                        ^\n"},
    {"a capability with a bad name",
     "capabilities:\n"
     "  agent net: {}\n",
     "config.yaml:2:3: capabilities.agent net: this key: got \"agent net\", want 1 to 128 ASCII characters without "
     "blanks and quotes\n"
     "    agent net: {}\n"
     "    ^\n"},
    {"bounds of the price the wrong way round", "price: { min: 5 USD, max: 4 USD }\n",
     "config.yaml:1:15: price.min: got more than price.max: 5 USD, want at most 4 USD\n"
     "  price: { min: 5 USD, max: 4 USD }\n"
     "                ^\n"},
    {"a receiver whose own alerts would be about an orchestrator", "alerts: { receivers: [{ name: target }] }\n",
     "config.yaml:1:31: alerts.receivers[0].name: got \"target\", want another name: alert-target:ID is an alert about "
     "an orchestrator's own target\n"
     "  alerts: { receivers: [{ name: target }] }\n"
     "                                ^\n"},
    {"an address in ORCHESTRATOR_ADDRESSES twice", "orchestrator_addresses: https://b:1,https://b:1\n",
     "config.yaml:1:25: orchestrator_addresses: got \"https://b:1\", which orchestrator_addresses at line "
     "1, column 25 has already: want it once\n"
     "  orchestrator_addresses: https://b:1,https://b:1\n"
     "                          ^\n"},
};

}  // namespace

TEST_CASE("settings that contradict each other are reported with both places") {
    for (const auto& file : bad_references) {
        CAPTURE(file.what);
        CHECK(diagnostics_of(file.text) == file.diagnostics);
    }
}
