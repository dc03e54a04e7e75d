#include "contracts.hpp"

#include <array>

#include "ethereum/batch_contract.hpp"
#include "fields.hpp"

namespace evm {

using stipend::cat;
using stipend::fail;
using stipend::Result;
using stipend::ethereum::hex_text;

namespace {

constexpr std::array<std::uint8_t, 4> decimals_selector = {0x31, 0x3c, 0xe5, 0x67};    // decimals()
constexpr std::array<std::uint8_t, 4> balance_of_selector = {0x70, 0xa0, 0x82, 0x31};  // balanceOf(address)
constexpr std::size_t word_bytes = 32;

Bytes balance_of(const Address& account) {
    Bytes out(balance_of_selector.begin(), balance_of_selector.end());
    out.insert(out.end(), word_bytes - account.bytes().size(), 0);
    out.insert(out.end(), account.bytes().begin(), account.bytes().end());
    return out;
}

// The one number that a view returned; nothing where it returned anything else.
std::optional<Uint256> number_in(const std::optional<Bytes>& returned) {
    if (!returned || returned->size() != word_bytes) return std::nullopt;
    return stipend::ethereum::from_bytes32(std::span(*returned).first<word_bytes>());
}

Result<ContractView> read_batch_contract(const Settings& settings, const RpcAnswer& answer) {
    if (answer.refused) return fail(STIPEND_E_INVALID, "no code: error ", answer.code);
    STIPEND_LET(code, read_bytes(&answer.result, "a contract's code"));
    ContractView out;
    const auto hash = stipend::keccak256(stipend::ethereum::ByteView(code));
    const auto& want = stipend::ethereum::batch_code_hash();
    if (code.empty()) {
        out.trouble = cat("batch_contract ", settings.batch_contract->text(), ": no contract is there");
    } else if (hash != want) {
        out.trouble = cat("batch_contract ", settings.batch_contract->text(), ": the hash of its code is ",
                          hex_text(hash), ", want ", hex_text(want));
    }
    return out;
}

Result<ContractView> read_token(const Token& token, Answers answers) {
    STIPEND_LET(decimals_view, read_view(answers[0]));
    STIPEND_LET(balance_view, read_view(answers[1]));
    ContractView out;
    const auto decimals = number_in(decimals_view);
    const auto balance = number_in(balance_view);
    if (!decimals || !balance) {
        out.trouble = cat("asset.token ", token.contract.text(), ": no token is there that states its ",
                          decimals ? "balances" : "decimals");
        return out;
    }
    if (!(*decimals == Uint256(token.decimals))) {
        out.trouble = cat("asset.token ", token.contract.text(), ": it has ", decimals->text(),
                          " decimals, and the configuration says ", token.decimals);
    }
    out.funds = *balance;
    return out;
}

}  // namespace

RpcCall view_call(const Settings& settings, const Address& to, stipend::ethereum::ByteView data,
                  std::string_view block) {
    return {"eth_call", cat(R"([{"from":")", settings.payer->text(), R"(","to":")", to.text(), R"(","data":")",
                            hex_text(data), R"("},")", block, "\"]")};
}

bool is_reverted(const RpcAnswer& answer) {
    return answer.refused && (answer.code == 3 || answer.code == -32000);
}

Result<std::optional<Bytes>> read_view(const RpcAnswer& answer) {
    if (is_reverted(answer)) return std::optional<Bytes>();
    if (answer.refused) return fail(STIPEND_E_INVALID, "no result of a call: error ", answer.code);
    STIPEND_LET(returned, read_bytes(&answer.result, "what a call returned"));
    return std::optional(std::move(returned));
}

std::vector<RpcCall> contract_calls(const Settings& settings, std::string_view block) {
    if (settings.token) {
        const auto& token = settings.token->contract;
        return {view_call(settings, token, decimals_selector, block),
                view_call(settings, token, balance_of(*settings.payer), block)};
    }
    if (settings.batch_contract) {
        return {{"eth_getCode", cat("[\"", settings.batch_contract->text(), "\",\"", block, "\"]")}};
    }
    return {};
}

Result<ContractView> read_contract(const Settings& settings, Answers answers) {
    if (settings.token) return read_token(*settings.token, answers);
    if (settings.batch_contract) return read_batch_contract(settings, answers[0]);
    return ContractView{};
}

void Standing::set(std::string trouble) {
    const std::lock_guard lock(mutex_);
    known_ = true;
    trouble_ = std::move(trouble);
}

Result<void> Standing::check() const {
    STIPEND_TRY(health());
    const std::lock_guard lock(mutex_);
    if (known_) return {};
    return fail(STIPEND_E_UNAVAILABLE, "no quorum of endpoints has shown yet that the contract is the right one");
}

Result<void> Standing::health() const {
    const std::lock_guard lock(mutex_);
    if (trouble_.empty()) return {};
    return fail(STIPEND_E_INVALID, trouble_);
}

}  // namespace evm
