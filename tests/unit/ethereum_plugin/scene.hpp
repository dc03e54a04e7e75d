// Scripted nodes, and operations of the plugin with their results as values.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "settlement.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/testing/fake_host.hpp"
#include "tests/unit/ethereum/hex_bytes.hpp"

namespace evm_test {

using namespace stipend::testing;
using stipend::cat;
using stipend::Json;
namespace eth = stipend::ethereum;

inline constexpr std::int64_t second = 1'000'000'000;

inline std::string hash_text(char digit) {
    return "0x" + std::string(64, digit);
}
inline evm::Bytes32 hash_of(char digit) {
    evm::Bytes32 out{};
    STIPEND_ASSERT(stipend::hex_decode(std::string(64, digit), out));
    return out;
}

// A node with a chain of empty blocks. A method in `scripted` has that text as its result or error member.
struct Node {
    std::string chain = "0x7a69";
    std::uint64_t newest = 100;
    std::uint64_t final = 90;
    std::string fork;  // in the place of the end of the hashes of blocks from `forked` on
    std::uint64_t forked = 1'000'000;
    std::string nonce = "0x7", final_nonce = "0x5", balance = "0xde0b6b3a7640000", tip = "0x3", base_fee = "0x64";
    std::string gas_price = "0x5";                // where there is no base fee, which is empty then
    std::map<std::string, std::string> receipts;  // by id
    std::map<std::string, std::string> pool;
    std::map<std::string, std::string> scripted;
    std::map<std::string, std::string> views;            // results of eth_call, by the first digits of its data
    std::function<FakeReply(const FakeRequest&)> other;  // instead of all that

    [[nodiscard]] std::string block_hash(std::uint64_t number) const {
        auto digits = evm::quantity_text(number).substr(2);
        if (number >= forked) digits += fork;
        return "0x" + std::string(64 - digits.size(), 'b') + digits;
    }
    [[nodiscard]] std::string block(const std::string& tag) const {
        auto number = tag == "latest" ? newest : tag == "finalized" || tag == "safe" ? final : 0;
        if (tag.starts_with("0x")) number = std::stoull(tag.substr(2), nullptr, 16);
        if (number > newest) return R"("result":null)";
        return cat(R"("result":{"number":")", evm::quantity_text(number), R"(","hash":")", block_hash(number),
                   R"(","timestamp":"0x68a34f80",)",
                   base_fee.empty() ? std::string() : cat(R"("baseFeePerGas":")", base_fee, R"(",)"),
                   R"("transactions":[]})");
    }
    void mine(const std::string& id, std::uint64_t number, const std::string& status = "0x1",
              const std::string& logs = "[]") {
        pool.try_emplace(id, R"({"hash":")" + id + "\"}");
        receipts[id] = cat(R"({"transactionHash":")", id, R"(","blockNumber":")", evm::quantity_text(number),
                           R"(","blockHash":")", block_hash(number), R"(","status":")", status,
                           R"(","gasUsed":"0x5208","effectiveGasPrice":"0x67","logs":)", logs, "}");
    }
    [[nodiscard]] std::string answer(const std::string& method, const std::vector<Json>& params) const {
        const auto text = [](const std::string& value) { return "\"result\":\"" + value + "\""; };
        const auto first = params.empty() ? std::string() : params[0].text();
        if (const auto found = scripted.find(method); found != scripted.end()) return found->second;
        if (method == "eth_chainId") return text(chain);
        if (method == "eth_getBlockByNumber") return block(first);
        if (method == "eth_maxPriorityFeePerGas") return text(tip);
        if (method == "eth_gasPrice") return text(gas_price);
        if (method == "eth_getBalance") return text(balance);
        if (method == "eth_getTransactionCount") {
            return text(params[1].text() == evm::quantity_text(newest) ? nonce : final_nonce);
        }
        if (method == "eth_call") {
            const auto found = views.find(params[0].find("data")->text().substr(0, 10));
            return found == views.end() ? text("0x") : found->second;
        }
        const auto& among = method == "eth_getTransactionReceipt" ? receipts : pool;
        const auto found = among.find(first);
        return "\"result\":" + (found == among.end() ? "null" : found->second);
    }
    [[nodiscard]] FakeReply operator()(const FakeRequest& request) const {
        if (other) return other(request);
        CHECK(request.method == "POST");
        CHECK(request.max_response_bytes >= evm::max_rpc_answer_bytes);
        const auto calls = stipend::parse_json(request.body);
        REQUIRE(calls.ok());
        std::string out;
        for (const auto& call : calls->items()) {  // the last one first: ids count, not places
            out = cat(R"({"jsonrpc":"2.0","id":)", call.find("id")->text(), ",",
                      answer(call.find("method")->text(), call.find("params")->items()), "}", out.empty() ? "" : ",",
                      out);
        }
        return FakeReply::answer(200, "[" + out + "]");
    }
};

struct AccountRecord {
    using Raw = stipend_account;
    stipend_account raw{};
    static AccountRecord of(const Raw& given) { return {given}; }
};
struct EstimateRecord {
    using Raw = stipend_estimate;
    std::int32_t accepted = 0;
    std::uint64_t gas = 0;
    std::uint64_t likely = 0;
    std::string reason;
    static EstimateRecord of(const Raw& raw) {
        return {raw.accepted, raw.gas, raw.likely, std::string(stipend::view(raw.reason))};
    }
};
struct SignedRecord {
    using Raw = stipend_signed;
    stipend_signed raw{};
    std::string bytes, reason;
    static SignedRecord of(const Raw& given) {
        return {given, std::string(stipend::view(given.raw)), std::string(stipend::view(given.reason))};
    }
};
struct SignedList {
    using Raw = stipend_signed_list;
    std::vector<SignedRecord> items;
    static SignedList of(const Raw& raw) {
        SignedList out;
        for (std::uint64_t at = 0; at < raw.count; ++at) out.items.push_back(SignedRecord::of(raw.items[at]));
        return out;
    }
};
struct SightingList {
    using Raw = stipend_sighting_list;
    std::vector<stipend_sighting> items;
    std::vector<std::vector<int>> paid;  // of each
    std::vector<std::string> reasons;    // of each
    static SightingList of(const Raw& raw) {
        SightingList out{.items = {raw.items, raw.items + raw.count}, .paid = {}, .reasons = {}};
        for (const auto& one : out.items) {
            out.paid.emplace_back(one.paid, one.paid + one.count);
            out.reasons.emplace_back(stipend::view(one.reason));
        }
        return out;
    }
};

// The plugin with so many nodes: http://node0.example and so on.
class Scene {
  public:
    explicit Scene(std::size_t count, const std::string& more = "", const std::string& socket = "/nowhere/signer.sock")
        : nodes(count), plugin_(make(more, socket)) {
        host.http().serve([this](const FakeRequest& request) {
            CHECK(request.url.starts_with("http://node"));
            return nodes.at(static_cast<std::size_t>(request.url[11] - '0'))(request);
        });
        REQUIRE(plugin_.start().ok());
    }
    Operation<AccountRecord> account() {
        return run(plugin_.begin<AccountRecord>(
            [&](stipend_completion c, stipend_error* e) { return table().account(instance(), c, e); }));
    }
    Operation<EstimateRecord> estimate(const stipend_slot& slot) {
        return run(plugin_.begin<EstimateRecord>(
            [&](stipend_completion c, stipend_error* e) { return table().estimate(instance(), &slot, c, e); }));
    }
    Operation<SignedRecord> sign(const stipend_slot& slot) {
        return plugin_.begin<SignedRecord>(
            [&](stipend_completion c, stipend_error* e) { return table().sign(instance(), &slot, c, e); });
    }
    Operation<SignedList> recall(std::uint64_t slot) {
        return plugin_.begin<SignedList>(
            [&](stipend_completion c, stipend_error* e) { return table().recall(instance(), slot, c, e); });
    }
    Operation<NoRecord> send(const eth::Bytes& raw) {
        return run(plugin_.begin<NoRecord>([&](stipend_completion c, stipend_error* e) {
            return table().send(instance(), {raw.data(), raw.size()}, c, e);
        }));
    }
    // `batch` is the count of payments of each.
    Operation<SightingList> sight(const std::vector<evm::Bytes32>& ids, std::uint64_t batch = 0) {
        const std::vector<std::uint64_t> batches(ids.size(), batch);
        return run(plugin_.begin<SightingList>([&](stipend_completion c, stipend_error* e) {
            return table().sight(instance(), ids.empty() ? nullptr : ids[0].data(), batches.data(), ids.size(), c, e);
        }));
    }
    stipend::Result<void> health() { return plugin_.health(); }
    void cancel(stipend_op op) { table().cancel(instance(), op); }
    template <class Record>
    Operation<Record> run(Operation<Record> operation) {
        for (int step = 0; step < 200 && !operation.done(); ++step) host.advance(second / 10);
        REQUIRE(operation.done());
        return operation;
    }

    FakeHost host;
    std::vector<Node> nodes;

  private:
    FakePlugin make(const std::string& more, const std::string& socket) {
        std::string urls;
        for (std::size_t at = 0; at < nodes.size(); ++at) {
            urls += cat(at == 0 ? "" : ",", "\"http://node", at, ".example/key\"");
        }
        return host.create<evm::Settlement>(cat(R"({"chain_id":31337,"payer":")", eth::testing::payer_address,
                                                R"(","rpc":[)", urls, R"(],"signer":{"socket":")", socket,
                                                R"("},"max_fee_per_gas_wei":1000000000)", more, "}"));
    }
    const stipend_settlement_v1& table() { return *plugin_.table<stipend_settlement_v1>(STIPEND_SETTLEMENT); }
    stipend_instance* instance() { return plugin_.raw(); }

    FakePlugin plugin_;
};

// A slot that pays once, nothing, or many.
struct Slot {
    std::vector<stipend_payment> payments;
    stipend_slot raw = stipend::make_record<stipend_slot>();

    explicit Slot(std::uint64_t nonce, const std::string& amount = "1000",
                  std::string_view to = eth::testing::payee_address)
        : Slot(nonce, {{eth::testing::address_of_hex(to), eth::testing::number_of(amount)}}) {}
    Slot(std::uint64_t nonce, const std::vector<eth::Payment>& pays, const evm::Bytes32& batch = {}) {
        for (const auto& [to, amount] : pays) {
            auto payment = stipend::make_record<stipend_payment>();
            std::copy(to.bytes().begin(), to.bytes().end(), payment.to);
            payment.amount = amount.to_abi();
            payments.push_back(payment);
        }
        raw.slot = nonce;
        const auto payer = eth::testing::address_of_hex(eth::testing::payer_address).bytes();
        std::copy(payer.begin(), payer.end(), raw.payer);
        std::copy(batch.begin(), batch.end(), raw.batch);
        raw.count = payments.size();
        raw.stride = sizeof(stipend_payment);
        raw.fees = stipend::make_record<stipend_fees>();
        raw.fees.tip_wei = eth::testing::number_of("2").to_abi();
        raw.fees.cap_wei = eth::testing::number_of("300").to_abi();
        raw.fees.gas = 30'000;
        raw.payments = payments.data();
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
};

}  // namespace evm_test
