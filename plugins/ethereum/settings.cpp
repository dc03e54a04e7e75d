#include "settings.hpp"

#include "ethereum/transaction.hpp"
#include "stipend/config.hpp"
#include "stipend/duration.hpp"

namespace evm {

using stipend::ConfigView;
using stipend::Result;

namespace {

constexpr std::size_t longest_socket = 107;  // what the kernel takes
constexpr std::int64_t usual_timeout_ns = 10 * stipend::ns_per_s;
constexpr std::int64_t most_depth = 1'000'000;
constexpr std::int64_t most_decimals = 36;  // a unit of 10^36 fits 128 bits

Result<void> parse_endpoints(const ConfigView& config, Settings& out) {
    const auto rpc = config.at("rpc");
    for (const auto& one : rpc.items()) {
        STIPEND_LET(server, stipend::server_url(one));
        for (const auto& other : out.endpoints) {
            if (stipend::address_key(other.url) == stipend::address_key(server.url)) {
                return one.refuse("got an endpoint a second time, want each once: it would count twice in the quorum");
            }
        }
        out.endpoints.push_back(std::move(server));
    }
    if (out.endpoints.empty() || out.endpoints.size() > most_endpoints) {
        return rpc.refuse("got ", out.endpoints.size(), " endpoints, want 1 to ", most_endpoints);
    }
    // Two groups that contradict each other cannot both be more than half.
    const auto count = static_cast<std::int64_t>(out.endpoints.size());
    STIPEND_LET(quorum, config.at("quorum").integer_or(count / 2 + 1, count / 2 + 1, count));
    out.quorum = static_cast<std::size_t>(quorum);
    return {};
}

Result<void> parse_final(const ConfigView& config, Settings& out) {
    STIPEND_SET(out.final_tag, config.at("tag").string_or("finalized"));
    const auto depth = config.at("depth");
    if (out.final_tag == "latest-depth") {
        out.final_tag.clear();
        STIPEND_LET(blocks, depth.integer(1, most_depth));
        out.final_depth = static_cast<std::uint64_t>(blocks);
        return {};
    }
    if (out.final_tag != "finalized" && out.final_tag != "safe") {
        return config.at("tag").refuse("got \"", stipend::clip(out.final_tag, 60),
                                       "\", want finalized, safe or latest-depth");
    }
    if (depth.present()) return depth.refuse("got a depth, which only `tag: latest-depth` takes");
    return {};
}

Result<void> parse_fees(const ConfigView& config, Settings& out) {
    const auto transactions = config.at("transactions");
    STIPEND_LET(type, transactions.string_or("eip1559"));
    if (type != "eip1559" && type != "legacy") {
        return transactions.refuse("got \"", stipend::clip(type, 60), "\", want eip1559 or legacy");
    }
    out.legacy = type == "legacy";
    if (out.legacy && config.at("tip_wei").present()) {
        return config.at("tip_wei").refuse("got a tip, which legacy transactions do not have: leave it out");
    }
    STIPEND_LET(most, config.at("max_fee_per_gas_wei").integer(1));
    out.max_fee_per_gas = Uint256(static_cast<std::uint64_t>(most));
    if (config.at("tip_wei").present()) {
        STIPEND_LET(tip, config.at("tip_wei").integer(0, most));
        out.tip = Uint256(static_cast<std::uint64_t>(tip));
    }
    STIPEND_LET(margin, config.at("gas_margin_percent").integer_or(20, 0, 500));
    out.gas_margin_percent = static_cast<std::uint64_t>(margin);
    STIPEND_LET(gas, config.at("max_payment_gas").integer_or(500'000, 21'000, 5'000'000));
    out.max_payment_gas = static_cast<std::uint64_t>(gas);
    return {};
}

Result<Address> parse_address(const ConfigView& config) {
    STIPEND_LET(text, config.string());
    const auto out = Address::parse(text);
    if (out) return *out;
    return config.refuse("got \"", stipend::clip(text, 60), "\", want an address: 0x and 40 hex digits");
}

// What is paid, and by which contract many are.
Result<void> parse_asset(const ConfigView& config, Settings& out) {
    const auto asset = config.at("asset");
    if (const auto* scalar = asset.scalar(); scalar != nullptr || !asset.present()) {
        STIPEND_LET(name, asset.string_or("native"));
        if (name != "native") {
            return asset.refuse("got \"", stipend::clip(name, 60),
                                "\", want native, or a token: {token: 0x…, decimals: 6}");
        }
    } else {
        STIPEND_LET(contract, parse_address(asset.at("token")));
        if (contract == *out.payer) return asset.at("token").refuse("got the payer's address, want a token's contract");
        STIPEND_LET(decimals, asset.at("decimals").integer(0, most_decimals));
        out.token = Token{contract, static_cast<std::uint64_t>(decimals)};
    }
    const auto batch = config.at("batch_contract");
    if (!batch.present()) return {};
    STIPEND_SET(out.batch_contract, parse_address(batch));
    if (out.token) return batch.refuse("got a contract for batches, which a token is not paid in: leave it out");
    if (out.batch_contract == out.payer) return batch.refuse("got the payer's address, want the batch contract's");
    return {};
}

}  // namespace

Result<Settings> parse_settings(const stipend::Json& json) {
    const ConfigView config(json);
    Settings out;
    STIPEND_LET(chain, config.at("chain_id").integer(1, stipend::ethereum::max_chain_id));
    out.chain_id = static_cast<std::uint64_t>(chain);
    STIPEND_SET(out.payer, parse_address(config.at("payer")));
    STIPEND_TRY(parse_endpoints(config, out));
    const auto socket = config.at("signer").at("socket");
    STIPEND_SET(out.signer_socket, socket.string());
    if (!out.signer_socket.starts_with('/') || out.signer_socket.size() > longest_socket ||
        out.signer_socket.find('\0') != std::string::npos) {
        return socket.refuse("got \"", stipend::clip(out.signer_socket, 60), "\", want an absolute path of at most ",
                             longest_socket, " bytes");
    }
    STIPEND_TRY(parse_final(config.at("final"), out));
    STIPEND_TRY(parse_asset(config, out));
    STIPEND_TRY(parse_fees(config, out));
    STIPEND_SET(out.timeout_ns,
                config.at("timeout").duration_or(usual_timeout_ns, 100 * stipend::ns_per_ms, 120 * stipend::ns_per_s));
    return out;
}

}  // namespace evm
