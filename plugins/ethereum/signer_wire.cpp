#include "signer_wire.hpp"

#include <span>

#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"

namespace evm {

using stipend::cat;
using stipend::clip;
using stipend::fail;
using stipend::Json;
using stipend::Result;
using stipend::ethereum::hex_text;

namespace {

constexpr stipend::JsonLimits signer_answer_limits{.bytes = max_signer_answer_bytes, .depth = 6, .nodes = 5'000};
constexpr std::size_t most_code = 64;
constexpr std::size_t most_message = 256;

Result<SignedTransaction> read_transaction(const Settings& settings, const Json& json) {
    const auto* raw = json.find("raw");
    const auto* hash = json.find("hash");
    const auto text = [](const Json* value) {
        return value != nullptr && value->is(Json::Kind::string) && value->text().starts_with("0x");
    };
    if (!text(raw) || !text(hash)) return fail(STIPEND_E_INVALID, "the signer's answer has no raw or no hash");
    const auto bytes = stipend::hex_decode(std::string_view(raw->text()).substr(2));
    if (!bytes) return fail(STIPEND_E_INVALID, "the signer's raw is not hex");
    STIPEND_LET(made, read_own(settings, *bytes));
    if (hex_text(made.hash) != hash->text()) {
        return fail(STIPEND_E_INVALID, "the signer's hash is not the one of its bytes");
    }
    return std::move(made);
}

// A refusal as "code: message". UNAVAILABLE: the signer itself failed.
Result<std::string> refusal_of(const Json& json) {
    const auto* code = json.find("refused");
    if (code == nullptr) return std::string();
    if (!code->is(Json::Kind::string) || code->text().empty()) {
        return fail(STIPEND_E_INVALID, "the signer refuses without a code");
    }
    const auto* message = json.find("message");
    auto out = cat(clip(code->text(), most_code), ": ",
                   message == nullptr ? std::string_view() : clip(message->text(), most_message));
    if (code->text() == "failed") return fail(STIPEND_E_UNAVAILABLE, "the signer ", out);
    return out;
}

Result<Json> read_object(std::string_view answer) {
    auto json = stipend::parse_json(answer, signer_answer_limits);
    if (!json) return fail(STIPEND_E_INVALID, "the signer's answer: ", clip(json.error().message, most_message));
    if (!json->is(Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "the signer's answer: got ", json->kind_name(), ", want an object");
    }
    return json;
}

}  // namespace

std::string frame(std::string_view text) {
    std::string out;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<char>(text.size() >> shift & 0xffU));
    return out += text;
}

std::size_t frame_size(std::string_view head) {
    std::size_t out = 0;
    for (std::size_t at = 0; at < frame_head_bytes; ++at) out = out << 8U | static_cast<unsigned char>(head[at]);
    return out;
}

std::string sign_request(const Order& order) {
    const auto& made = order.transaction;
    auto payments = Json::array();
    for (const auto& [to, amount] : order.payments) {
        payments.push(Json::object().set("to", to.text()).set("amount", amount.text()));
    }
    auto transaction = Json::object()
                           .set("chain_id", made.chain_id)
                           .set("nonce", made.nonce)
                           .set("max_priority_fee_per_gas", made.max_priority_fee_per_gas.text())
                           .set("max_fee_per_gas", made.max_fee_per_gas.text())
                           .set("gas_limit", made.gas_limit)
                           .set("to", made.to.text())
                           .set("value", made.value.text())
                           .set("data", hex_text(made.data));
    if (made.type == stipend::ethereum::TransactionType::legacy) transaction.set("type", "legacy");
    return Json::object()
        .set("op", "sign")
        .set("transaction", std::move(transaction))
        .set("pays", Json::object()
                         .set("asset", order.token ? order.token->text() : "native")
                         .set("payments", std::move(payments)))
        .dump();
}

std::string attempts_request(std::uint64_t nonce) {
    return Json::object().set("op", "attempts").set("nonce", nonce).dump();
}

Result<SignerAnswer> read_signed(const Settings& settings, const Order& order, std::string_view answer) {
    STIPEND_LET(json, read_object(answer));
    SignerAnswer out;
    STIPEND_SET(out.refused, refusal_of(json));
    if (!out.refused.empty()) return out;
    STIPEND_LET(made, read_transaction(settings, json));
    if (!(made.transaction == order.transaction)) {
        const auto field = payload_difference(made.transaction, order.transaction);
        return fail(STIPEND_E_INVALID, "the signer has signed another ", field.empty() ? "fee, gas or type" : field,
                    " than was asked for");
    }
    out.made = std::move(made);
    return out;
}

Result<std::vector<SignedTransaction>> read_attempts(const Settings& settings, std::uint64_t nonce,
                                                     std::string_view answer) {
    STIPEND_LET(json, read_object(answer));
    STIPEND_LET(refused, refusal_of(json));
    if (!refused.empty()) return fail(STIPEND_E_INVALID, "the signer lists no attempts: ", refused);
    const auto* list = json.find("attempts");
    if (list == nullptr || !list->is(Json::Kind::array)) {
        return fail(STIPEND_E_INVALID, "the signer's answer has no attempts");
    }
    std::vector<SignedTransaction> out;
    for (const auto& item : list->items()) {
        STIPEND_LET(made, read_transaction(settings, item));
        if (made.transaction.nonce != nonce) {
            return fail(STIPEND_E_INVALID, "an attempt of nonce ", made.transaction.nonce, ", want ", nonce);
        }
        STIPEND_TRY(check_payload(settings, *settings.payer, made.transaction));
        out.push_back(std::move(made));
    }
    return out;
}

}  // namespace evm
