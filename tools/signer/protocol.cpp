#include "tools/signer/protocol.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "stipend/json_parse.hpp"

namespace stipend::signer {
namespace {

using ethereum::hex_text;

constexpr JsonLimits request_limits = {.bytes = max_request_bytes, .depth = 5, .nodes = 5'000};
constexpr std::string_view bad_request = "bad_request";

// Reads the members of one object; keeps the first that is wrong.
class ObjectReader {
  public:
    ObjectReader(const Json* object, std::string_view name, std::initializer_list<std::string_view> known)
        : object_(object), name_(name) {
        if (object_ == nullptr || !object_->is(Json::Kind::object)) {
            refuse_member("", "an object");
            object_ = nullptr;
            return;
        }
        for (const auto& [key, value] : object_->members()) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                fault_ = refuse(bad_request, name_, ": got an unknown member \"", clip(key, 32), "\"");
            }
        }
    }

    std::string_view text(std::string_view key) {
        const auto* found = member(key);
        if (found != nullptr && found->is(Json::Kind::string)) return found->text();
        refuse_member(key, "a text");
        return {};
    }
    // A number, in JSON or as a text of digits.
    std::uint64_t u64(std::string_view key) {
        std::uint64_t out = 0;
        const auto digits = number_text(key);
        const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
        if (digits.empty() || fault != std::errc() || end != digits.data() + digits.size()) {
            refuse_member(key, "a number below 2^64");
        }
        return out;
    }
    Uint256 u256(std::string_view key) {
        const auto out = Uint256::parse(number_text(key));
        if (out) return *out;
        refuse_member(key, "a number below 2^256 as a text of digits");
        return {};
    }
    std::optional<Address> address(std::string_view key) {
        auto out = Address::parse(text(key));
        if (!out) refuse_member(key, "an address");
        return out;
    }
    ethereum::Bytes bytes(std::string_view key) {
        const auto found = text(key);
        auto out = found.starts_with("0x") ? hex_decode(found.substr(2)) : std::nullopt;
        if (out) return std::move(*out);
        refuse_member(key, "0x and hex digits");
        return {};
    }
    const Json* member(std::string_view key) const { return object_ == nullptr ? nullptr : object_->find(key); }
    void refuse_member(std::string_view key, std::string_view want) {
        if (!fault_) fault_ = refuse(bad_request, name_, key.empty() ? "" : ".", key, ": want ", want);
    }
    [[nodiscard]] const std::optional<Refusal>& fault() const { return fault_; }

  private:
    std::string_view number_text(std::string_view key) const {
        const auto* found = member(key);
        const bool fits = found != nullptr && (found->is(Json::Kind::string) || found->is(Json::Kind::number));
        return fits ? std::string_view(found->text()) : std::string_view();
    }

    const Json* object_;
    std::string_view name_;
    std::optional<Refusal> fault_;
};

Judged<Transaction> parse_transaction(const Json* json) {
    ObjectReader reader(json, "transaction",
                        {"chain_id", "nonce", "max_priority_fee_per_gas", "max_fee_per_gas", "gas_limit", "to", "value",
                         "data", "type"});
    const auto chain_id = reader.u64("chain_id");
    const auto nonce = reader.u64("nonce");
    auto tip = reader.u256("max_priority_fee_per_gas");
    auto fee = reader.u256("max_fee_per_gas");
    const auto gas_limit = reader.u64("gas_limit");
    const auto to = reader.address("to");
    auto value = reader.u256("value");
    auto data = reader.bytes("data");
    using ethereum::TransactionType;
    auto type = TransactionType::eip1559;
    if (reader.member("type") != nullptr) {
        type = TransactionType::legacy;
        if (reader.text("type") != "legacy") reader.refuse_member("type", "legacy, or none");
    }
    if (reader.fault()) return *reader.fault();
    return Transaction{.type = type,
                       .chain_id = chain_id,
                       .nonce = nonce,
                       .max_priority_fee_per_gas = std::move(tip),
                       .max_fee_per_gas = std::move(fee),
                       .gas_limit = gas_limit,
                       .to = *to,
                       .value = std::move(value),
                       .data = std::move(data)};
}

Judged<Claim> parse_claim(const Json* json) {
    ObjectReader reader(json, "pays", {"asset", "payments"});
    Claim out;
    const auto asset = parse_asset(reader.text("asset"));
    if (!asset) reader.refuse_member("asset", "native or a token's address");
    const auto* payments = reader.member("payments");
    if (payments == nullptr || !payments->is(Json::Kind::array)) reader.refuse_member("payments", "a list");
    if (reader.fault()) return *reader.fault();
    out.asset = *asset;
    if (payments->items().size() > ethereum::max_batch_payments) {
        return refuse(bad_request, "pays.payments: want at most ", ethereum::max_batch_payments);
    }
    for (const auto& item : payments->items()) {
        ObjectReader payment(&item, "pays.payments", {"to", "amount"});
        const auto to = payment.address("to");
        auto amount = payment.u256("amount");
        if (payment.fault()) return *payment.fault();
        out.payments.push_back({*to, std::move(amount)});
    }
    return out;
}

std::string error_text(const Error& error) {
    return refusal_text(refuse("failed", error.message));
}

std::string sign_answer(Signer& signer, const Json& json) {
    const auto request = parse_sign_request(json);
    if (const auto* refused = std::get_if<Refusal>(&request)) return refusal_text(*refused);
    const auto& [transaction, claim] = std::get<SignRequest>(request);
    const auto judged = signer.sign(transaction, claim);
    if (!judged) return error_text(judged.error());
    if (const auto* refused = std::get_if<Refusal>(&*judged)) return refusal_text(*refused);
    const auto& made = std::get<Signed>(*judged);
    return Json::object()
        .set("raw", hex_text(made.transaction.raw))
        .set("hash", hex_text(made.transaction.hash))
        .set("kind", name_of(made.kind))
        .set("repeated", made.repeated)
        .dump();
}

std::string attempts_answer(Signer& signer, const Json& json) {
    ObjectReader reader(&json, "request", {"op", "nonce"});
    const auto nonce = reader.u64("nonce");
    if (nonce > INT64_MAX) reader.refuse_member("nonce", "a number below 2^63");
    if (reader.fault()) return refusal_text(*reader.fault());
    const auto attempts = signer.attempts(nonce);
    if (!attempts) return error_text(attempts.error());
    auto list = Json::array();
    for (const auto& attempt : *attempts) {
        list.push(Json::object().set("hash", hex_text(attempt.hash)).set("raw", hex_text(attempt.raw)));
    }
    return Json::object().set("attempts", std::move(list)).dump();
}

std::string status_answer(Signer& signer) {
    const auto status = signer.status();
    if (!status) return error_text(status.error());
    auto assets = Json::array();
    for (const auto& [limits, today] : status->assets) {
        assets.push(Json::object()
                        .set("asset", asset_text(limits.asset))
                        .set("today", today.text())
                        .set("per_day", limits.per_day.text())
                        .set("per_payee_day", limits.per_payee_day.text())
                        .set("per_payment", limits.per_payment.text()));
    }
    auto out = Json::object();
    out.set("address", status->payer.text()).set("chain_id", status->chain_id);
    out.set("highest_nonce", status->highest_nonce < 0 ? Json() : Json(status->highest_nonce));
    out.set("day", status->day).set("fees_today", status->fees_today.text()).set("assets", std::move(assets));
    return out.dump();
}

}  // namespace

Judged<SignRequest> parse_sign_request(const Json& request) {
    const ObjectReader reader(&request, "request", {"op", "transaction", "pays"});
    if (reader.fault()) return *reader.fault();
    auto transaction = parse_transaction(reader.member("transaction"));
    if (auto* refused = std::get_if<Refusal>(&transaction)) return std::move(*refused);
    auto claim = parse_claim(reader.member("pays"));
    if (auto* refused = std::get_if<Refusal>(&claim)) return std::move(*refused);
    return SignRequest{std::move(std::get<Transaction>(transaction)), std::move(std::get<Claim>(claim))};
}

std::string answer(Signer& signer, std::string_view request) {
    const auto json = parse_json(request, request_limits);
    if (!json) return refusal_text(refuse(bad_request, json.error().message));
    const auto* op = json->find("op");
    const std::string_view name = op == nullptr ? std::string_view() : std::string_view(op->text());
    if (name == "sign") return sign_answer(signer, *json);
    if (name == "attempts") return attempts_answer(signer, *json);
    if (name == "status") return status_answer(signer);
    if (name == "address") return Json::object().set("address", signer.address().text()).dump();
    return refusal_text(refuse(bad_request, "op: want one of sign, attempts, status, address"));
}

std::string refusal_text(const Refusal& refusal) {
    return Json::object().set("refused", refusal.code).set("message", refusal.message).dump();
}

std::string frame(std::string_view json) {
    std::string out;
    out.reserve(frame_head_bytes + json.size());
    for (const unsigned shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<char>(json.size() >> shift & 0xff));
    return out += json;
}

}  // namespace stipend::signer
