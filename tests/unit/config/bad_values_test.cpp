#include <doctest/doctest.h>

#include "bad_file.hpp"

using namespace stipend::config;

namespace {

// The file and the report about it.
const BadFile bad_values[] = {
    {"a duration without a unit",
     "payment:\n"
     "  interval: 60\n",
     "config.yaml:2:13: payment.interval: got \"60\", want a duration with its unit, such as 60s\n"
     "    interval: 60\n"
     "              ^\n"},
    {"a duration in quotes without a unit", "payment: { interval: \"60\" }\n",
     "config.yaml:1:22: payment.interval: got \"60\", want a duration with its unit, such as 60s\n"
     "  payment: { interval: \"60\" }\n"
     "                       ^\n"},
    {"a duration beyond its range", "payment: { interval: 2d }\n",
     "config.yaml:1:22: payment.interval: got \"2d\", want a duration from 1s to 1d in whole seconds, "
     "such as 60s\n"
     "  payment: { interval: 2d }\n"
     "                       ^\n"},
    {"a duration of part of a second", "payment: { interval: 1500ms }\n",
     "config.yaml:1:22: payment.interval: got \"1500ms\", want a duration from 1s to 1d in whole seconds, "
     "such as 60s\n"
     "  payment: { interval: 1500ms }\n"
     "                       ^\n"},
    {"a duration with a blank", "payment: { interval: 60 s }\n",
     "config.yaml:1:22: payment.interval: got \"60 s\", want a duration from 1s to 1d in whole seconds, "
     "such as 60s\n"
     "  payment: { interval: 60 s }\n"
     "                       ^\n"},
    {"a duration from the environment that is none", "payment: { interval: \"${BAD_INTERVAL}s\" }\n",
     "config.yaml:1:22: payment.interval: got \"soons\", want a duration from 1s to 1d in whole seconds, "
     "such as 60s\n"
     "  payment: { interval: \"${BAD_INTERVAL}s\" }\n"
     "                       ^\n"},
    {"an amount without a unit", "payment: { base: 10 }\n",
     "config.yaml:1:18: payment.base: got \"10\", want an amount with its unit, such as 10.00 USD\n"
     "  payment: { base: 10 }\n"
     "                   ^\n"},
    {"an amount with an exponent", "payment: { base: 1e3 USD }\n",
     "config.yaml:1:18: payment.base: got \"1e3 USD\", want an amount from 0 USD to 1000000 USD with at "
     "most 8 decimals, such as 10.00 USD\n"
     "  payment: { base: 1e3 USD }\n"
     "                   ^\n"},
    {"an amount that begins with a point", "payment: { base: .5 USD }\n",
     "config.yaml:1:18: payment.base: got \".5 USD\", want an amount from 0 USD to 1000000 USD with at "
     "most 8 decimals, such as 10.00 USD\n"
     "  payment: { base: .5 USD }\n"
     "                   ^\n"},
    {"an amount with underscores", "payment: { base: 1_000 USD }\n",
     "config.yaml:1:18: payment.base: got \"1_000 USD\", want an amount from 0 USD to 1000000 USD with at "
     "most 8 decimals, such as 10.00 USD\n"
     "  payment: { base: 1_000 USD }\n"
     "                   ^\n"},
    {"an amount with a leading zero", "payment: { base: 0777 USD }\n",
     "config.yaml:1:18: payment.base: got \"0777 USD\", want an amount from 0 USD to 1000000 USD with at "
     "most 8 decimals, such as 10.00 USD\n"
     "  payment: { base: 0777 USD }\n"
     "                   ^\n"},
    {"an amount that is not a number", "payment: { base: NaN }\n",
     "config.yaml:1:18: payment.base: got \"NaN\", want an amount from 0 USD to 1000000 USD with at most "
     "8 decimals, such as 10.00 USD\n"
     "  payment: { base: NaN }\n"
     "                   ^\n"},
    {"a negative amount", "payment: { base: -1 USD }\n",
     "config.yaml:1:18: payment.base: got \"-1 USD\", want an amount from 0 USD to 1000000 USD with at "
     "most 8 decimals, such as 10.00 USD\n"
     "  payment: { base: -1 USD }\n"
     "                   ^\n"},
    {"an amount in another currency", "payment: { base: 10 EUR }\n",
     "config.yaml:1:18: payment.base: got \"10 EUR\", want an amount from 0 USD to 1000000 USD with at "
     "most 8 decimals, such as 10.00 USD\n"
     "  payment: { base: 10 EUR }\n"
     "                   ^\n"},
    {"an amount that is too exact", "payment: { base: 0.000000001 USD }\n",
     "config.yaml:1:18: payment.base: got \"0.000000001 USD\", want an amount from 0 USD to 1000000 USD "
     "with at most 8 decimals, such as 10.00 USD\n"
     "  payment: { base: 0.000000001 USD }\n"
     "                   ^\n"},
    {"an integer in quotes", "network: { chain_id: \"1\" }\n",
     "config.yaml:1:22: network.chain_id: got \"1\" in quotes, want an integer from 1 to "
     "9007199254740992\n"
     "  network: { chain_id: \"1\" }\n"
     "                       ^\n"},
    {"an integer in octal", "network: { chain_id: 0777 }\n",
     "config.yaml:1:22: network.chain_id: got \"0777\", want an integer from 1 to 9007199254740992\n"
     "  network: { chain_id: 0777 }\n"
     "                       ^\n"},
    {"an integer with a fraction", "dispatch: { max_in_flight: 1.5 }\n",
     "config.yaml:1:28: dispatch.max_in_flight: got \"1.5\", want an integer from 1 to 65536\n"
     "  dispatch: { max_in_flight: 1.5 }\n"
     "                             ^\n"},
    {"an integer beyond its range", "dispatch: { max_in_flight: 0 }\n",
     "config.yaml:1:28: dispatch.max_in_flight: got \"0\", want an integer from 1 to 65536\n"
     "  dispatch: { max_in_flight: 0 }\n"
     "                             ^\n"},
    {"a factor that is too large", "price: { max_step: 1001 }\n",
     "config.yaml:1:20: price.max_step: got \"1001\", want a factor from 1 to 1000 with at most 6 "
     "decimals\n"
     "  price: { max_step: 1001 }\n"
     "                     ^\n"},
    {"a choice that is none", "settlement: dryrun\n",
     "config.yaml:1:13: settlement: got \"dryrun\", want one of dry-run, accrue, ethereum\n"
     "  settlement: dryrun\n"
     "              ^\n"},
    {"a port that is none", "listen: { metrics: 127.0.0.1:99999 }\n",
     "config.yaml:1:20: listen.metrics: got \"127.0.0.1:99999\", want an address to listen on, such as "
     "127.0.0.1:9108 or [::1]:9108, or none\n"
     "  listen: { metrics: 127.0.0.1:99999 }\n"
     "                     ^\n"},
    {"a key without a value",
     "settlement:\n"
     "payment: {}\n",
     "config.yaml:1:1: settlement: got nothing, want one of dry-run, accrue, ethereum\n"
     "  settlement:\n"
     "  ^\n"},
    {"a list where a value belongs", "state: [var]\n",
     "config.yaml:1:8: state: got a list, want a path of 1 to 4096 bytes\n"
     "  state: [var]\n"
     "         ^\n"},
    {"a value where a mapping belongs", "payment: 60s\n",
     "config.yaml:1:10: payment: got \"60s\", want the payment settings: a mapping\n"
     "  payment: 60s\n"
     "           ^\n"},
    {"a mapping where a list belongs", "orchestrators: { address: \"https://a:1\" }\n",
     "config.yaml:1:16: orchestrators: got a mapping, want a list\n"
     "  orchestrators: { address: \"https://a:1\" }\n"
     "                 ^\n"},
    {"a file that is a list", "- payment\n",
     "config.yaml:1:1: got a list, want the settings: a mapping\n"
     "  - payment\n"
     "  ^\n"},
    {"a file that is a text", "payment\n",
     "config.yaml:1:1: got \"payment\", want the settings: a mapping\n"
     "  payment\n"
     "  ^\n"},
    {"an unknown key", "paymet: {}\n",
     "config.yaml:1:1: unknown key \"paymet\": want one of role, state, log, network, networks, settlement, plugins, "
     "watch, "
     "payment, price, dispatch, dispatchers, monitors, limits, payouts, orchestrators, orchestrator_addresses, "
     "capabilities, "
     "maintenance, sla, status, "
     "witness, alerts, "
     "listen, api, registration, signed_heads; did you mean \"payment\"?\n"
     "  paymet: {}\n"
     "  ^\n"},
    {"an unknown key that is like no other", "frobnicate: 1\n",
     "config.yaml:1:1: unknown key \"frobnicate\": want one of role, state, log, network, networks, settlement, "
     "plugins, watch, "
     "payment, price, dispatch, dispatchers, monitors, limits, payouts, orchestrators, orchestrator_addresses, "
     "capabilities, "
     "maintenance, sla, status, "
     "witness, alerts, "
     "listen, api, registration, signed_heads\n"
     "  frobnicate: 1\n"
     "  ^\n"},
    {"a missing key",
     "orchestrators:\n"
     "  - id: o1\n",
     "config.yaml:2:5: orchestrators[0]: the key \"address\" is missing: an orchestrator needs it\n"
     "    - id: o1\n"
     "      ^\n"},
    {"an address with a path", "orchestrators: [{ address: \"https://a:1/x\" }]\n",
     "config.yaml:1:28: orchestrators[0].address: got \"https://a:1/x\", want an address without path, "
     "user and password, such as https://172.23.0.7:9995 (IPv4 as four decimal numbers, a name with at most one dot at "
     "its "
     "end)\n"
     "  orchestrators: [{ address: \"https://a:1/x\" }]\n"
     "                             ^\n"},
    {"an address with a password", "orchestrators: [{ address: \"https://me:pw@a:1\" }]\n",
     "config.yaml:1:28: orchestrators[0].address: got \"https://me:pw@a:1\", want an address without "
     "path, user and password, such as https://172.23.0.7:9995 (IPv4 as four decimal numbers, a name with at most one "
     "dot at its "
     "end)\n"
     "  orchestrators: [{ address: \"https://me:pw@a:1\" }]\n"
     "                             ^\n"},
    {"an id with a blank", "orchestrators: [{ address: \"https://a:1\", id: o 1 }]\n",
     "config.yaml:1:47: orchestrators[0].id: got \"o 1\", want 1 to 128 ASCII characters without blanks "
     "and quotes\n"
     "  orchestrators: [{ address: \"https://a:1\", id: o 1 }]\n"
     "                                                ^\n"},
    {"a payout address that is too short", "orchestrators: [{ address: \"https://a:1\", payout_address: \"0x12\" }]\n",
     "config.yaml:1:59: orchestrators[0].payout_address: got \"0x12\", want an address on the chain: 0x "
     "and 40 hex digits\n"
     "  orchestrators: [{ address: \"https://a:1\", payout_address: \"0x12\" }]\n"
     "                                                            ^\n"},
    {"a variable that is not set", "state: ${NOWHERE}/var\n",
     "config.yaml:1:8: state: the environment variable NOWHERE is not set: want it set, or "
     "${NOWHERE:-default}\n"
     "  state: ${NOWHERE}/var\n"
     "         ^\n"},
    {"a lone dollar", "state: $HOME/var\n",
     "config.yaml:1:8: state: a lone \"$\": want ${NAME}, or $$ for a dollar sign\n"
     "  state: $HOME/var\n"
     "         ^\n"},
    {"an expansion without its end", "state: \"${HOME\"\n",
     "config.yaml:1:8: state: \"${\" without its \"}\"\n"
     "  state: \"${HOME\"\n"
     "         ^\n"},
    {"an expansion of an unknown form", "state: \"${HOME-x}\"\n",
     "config.yaml:1:8: state: \"${HOME\" goes on with \"-x\": want ${NAME}, ${NAME:-default}, "
     "${file:/path} or ${cred:name}\n"
     "  state: \"${HOME-x}\"\n"
     "         ^\n"},
    {"a file that is not there", "state: \"${file:/nowhere}\"\n",
     "config.yaml:1:8: state: cannot read /nowhere: No such file\n"
     "  state: \"${file:/nowhere}\"\n"
     "         ^\n"},
    {"a credential that is a path", "state: \"${cred:../x}\"\n",
     "config.yaml:1:8: state: ${cred:../x}: want the name of a credential, not a path\n"
     "  state: \"${cred:../x}\"\n"
     "         ^\n"},
    {"a value beyond ASCII before the mistake", "payment: { policy: { id: \"\303\244\303\266\", plugin: [] } }\n",
     "config.yaml:1:26: payment.policy.id: got \"\303\244\303\266\", want 1 to 128 ASCII characters "
     "without blanks and quotes\n"
     "  payment: { policy: { id: \"\303\244\303\266\", plugin: [] } }\n"
     "                           ^\n"
     "config.yaml:1:40: payment.policy.plugin: got a list, want a path of 1 to 4096 bytes\n"
     "  payment: { policy: { id: \"\303\244\303\266\", plugin: [] } }\n"
     "                                         ^\n"},
    {"tabs between key and value",
     "payment:\n"
     "  interval:\t60\n",
     "config.yaml:2:13: payment.interval: got \"60\", want a duration with its unit, such as 60s\n"
     "    interval:\t60\n"
     "             \t^\n"},
    {"line ends of another world",
     "payment:\r\n"
     "  interval: 60\r\n",
     "config.yaml:2:13: payment.interval: got \"60\", want a duration with its unit, such as 60s\n"
     "    interval: 60\n"
     "              ^\n"},
    {"a byte order mark", "\357\273\277payment: { interval: 60 }\n",
     "config.yaml:1:22: payment.interval: got \"60\", want a duration with its unit, such as 60s\n"
     "  payment: { interval: 60 }\n"
     "                       ^\n"},
    {"a long line",
     "state: "
     "[\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxx\"]\n",
     "config.yaml:1:8: state: got a list, want a path of 1 to 4096 bytes\n"
     "  state: "
     "[\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxx...\n"
     "         ^\n"},
    {"a mistake far to the right of a long line",
     "monitors: [{name: m, plugin: p, config: {k0: \303\244, k1: \303\244, k2: \303\244, k3: \303\244, "
     "k4: \303\244, k5: \303\244, k6: \303\244, k7: \303\244, k8: \303\244, k9: \303\244, k10: \303\244, "
     "k11: \303\244, k12: \303\244, k13: \303\244, k14: \303\244, k15: \303\244, k16: \303\244, k17: "
     "\303\244, k18: \303\244, k19: \303\244}, every: 5}]\n",
     "config.yaml:1:193: monitors[0]: unknown key \"every\": want one of plugin, id, sha256, isolate, memory, config, "
     "name\n"
     "  ... \303\244, k14: \303\244, k15: \303\244, k16: \303\244, k17: \303\244, k18: \303\244, k19: "
     "\303\244}, every: 5}]\n"
     "                                                          ^\n"},
};

}  // namespace

TEST_CASE("a bad value is reported with what it is, what it should be, and its line") {
    for (const auto& file : bad_values) {
        CAPTURE(file.what);
        CHECK(diagnostics_of(file.text) == file.diagnostics);
    }
}
