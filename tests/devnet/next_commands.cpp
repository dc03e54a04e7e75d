#include "tests/devnet/next_commands.hpp"

#include <algorithm>
#include <string_view>

#include "host/base/printable.hpp"
#include "stipend/result.hpp"

namespace stipend::devnet {
namespace {

constexpr std::uint32_t most_addresses = 64;  // that are shown

std::string shell_word(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// The first ones, where there are many.
std::string_view shown_addresses(const Running& running) {
    const std::string_view all = running.addresses;
    std::size_t end = 0;
    for (std::uint32_t i = 0; i < most_addresses && end < all.size(); ++i)
        end = std::min(all.find(',', end + 1), all.size());
    return all.substr(0, end);
}

// A host names an orchestrator that it has by environment after its address: "127.0.1.1:9995".
std::string_view id_of(std::string_view address) {
    const auto scheme = address.find("://");
    if (scheme != std::string_view::npos) address.remove_prefix(scheme + 3);
    if (address.ends_with('/')) address.remove_suffix(1);
    return address;
}

}  // namespace

std::string next_commands(const Running& running) {
    const auto addresses = shown_addresses(running);
    const auto first = addresses.substr(0, addresses.find(','));
    const auto capability = shell_word(printable_line(running.capability));
    auto out = cat(
        "\nIn another terminal, one job, many, and the whole way step by step:\n  stipend jobs send --gateway ",
        running.gateway, " --capability ", capability, " --orchestrator ", first, "\n  stipend jobs load --gateway ",
        running.gateway, " --capability ", capability, " --rate 20/s --duration 30\n  stipend verify --gateway ",
        running.gateway, " --capability ", capability, " --orchestrator ", first, " --price-unseen\n");
    if (!running.control.empty()) {
        out += cat("The network's state, and a fault by hand:\n  curl ", running.control, "/state\n  curl -d ",
                   shell_word(R"({"orchestrator":0,"fault":"down"})"), " ", running.control, "/fault\n");
    }
    if (running.orchestrators > most_addresses) {
        out += cat("A host for the first ", most_addresses, " of the ", running.orchestrators, " orchestrators:\n");
    } else {
        out += "A host that pays nothing, where config.yaml is:\n";
    }
    return out + cat("  export GATEWAY_URL=", running.gateway, " CAPABILITY_NAME=", capability,
                     " PAYMENT_INTERVAL_SECONDS=5 PRICE_UNSEEN=allow DISPATCH_EVIDENCE=any\n"
                     "  export STATE_DIRECTORY=./devnet-state ORCHESTRATOR_ADDRESSES=",
                     shell_word(addresses),
                     "\n  stipend run -c config.yaml\n"
                     "And, with the same two lines in a third terminal:\n"
                     "  stipend status -c config.yaml\n"
                     "  stipend watch -c config.yaml\n"
                     "  stipend explain -c config.yaml --orchestrator ",
                     id_of(first), " 1\n  stipend ledger verify -c config.yaml\n");
}

}  // namespace stipend::devnet
