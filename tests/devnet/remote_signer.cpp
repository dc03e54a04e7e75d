#include "tests/devnet/remote_signer.hpp"

#include <array>
#include <charconv>

#include "stipend/decimal.hpp"
#include "stipend/json_parse.hpp"
#include "tests/devnet/wire.hpp"

namespace stipend::devnet {
namespace {

constexpr std::array<std::string_view, 9> signer_faults{"none",    "down",    "hang",       "error", "pay_error",
                                                        "refresh", "ceiling", "not_needed", "forged"};
constexpr std::string_view payment_prefix = "payment-";
constexpr std::string_view segment_prefix = "segment-";

std::int64_t number_in(const Json& object, std::string_view key, std::int64_t otherwise) {
    const auto* found = object.find(key);
    if (found == nullptr || !found->is(Json::Kind::number)) return otherwise;
    std::int64_t value = 0;
    const auto* end = found->text().data() + found->text().size();
    const auto read = std::from_chars(found->text().data(), end, value);
    return read.ec == std::errc() && read.ptr == end ? value : otherwise;
}

std::string text_in(const Json& object, std::string_view key) {
    const auto* found = object.find(key);
    return found != nullptr && found->is(Json::Kind::string) ? found->text() : std::string();
}

// The type of a payment for a price of that unit.
std::string_view payment_type(std::string_view unit) {
    return unit == "seconds" ? "live" : unit == "720p-pixel-seconds" ? "lv2v" : "fixed";
}

// A client may send its limit with a fraction.
bool exceeds(std::int64_t price, const Json* limit) {
    const auto number = limit != nullptr && limit->is(Json::Kind::number)
                            ? Decimal::parse(limit->text())
                            : Result<Decimal>(fail(STIPEND_E_INVALID, "no number"));
    return !number || number->compare(price) < 0;
}

// The number of a payment, from what follows its prefix in the decoded text.
std::string id_of(const std::string& header, std::string_view prefix) {
    const auto text = decode_base64(header);
    if (!text || text->rfind(prefix, 0) != 0) return {};
    return text->substr(prefix.size());
}

}  // namespace

std::int64_t first_units(std::string_view unit) {
    constexpr std::int64_t pixels_720p = std::int64_t{1280} * 720 * 30;
    return unit == "seconds" ? 10 : unit == "720p-pixel-seconds" ? 60 * pixels_720p : 1;
}

Reply error_object(int status, std::string_view message) {
    return typed_reply(status, "application/json",
                       Json::object().set("error", Json::object().set("message", std::string(message))).dump() + "\n");
}

Result<SignerFault> parse_signer_fault(const Json& json) {
    const bool is_name = json.is(Json::Kind::string);
    const auto name = is_name ? json.text() : json.is(Json::Kind::object) ? text_in(json, "kind") : std::string();
    for (std::size_t at = 0; at < signer_faults.size(); ++at) {
        if (signer_faults.at(at) != name) continue;
        SignerFault out{.kind = static_cast<SignerFaultKind>(at)};
        if (is_name) return out;
        for (const auto& [key, value] : json.members()) {
            if (key != "kind" && key != "status" && key != "times") {
                return fail(STIPEND_E_INVALID, "signer fault ", name, ": unknown key \"", key, "\"");
            }
        }
        const auto status = number_in(json, "status", out.status);
        const auto times = number_in(json, "times", 0);
        if (status < 400 || status > 599 || times < 0 || times > 1'000'000) {
            return fail(STIPEND_E_INVALID, "signer fault ", name, ": want a status from 400 to 599, and times");
        }
        out.status = static_cast<int>(status);
        out.times = static_cast<std::uint32_t>(times);
        return out;
    }
    return fail(STIPEND_E_INVALID, "signer fault: unknown kind \"", name,
                "\", want none, down, hang, error, pay_error, refresh, ceiling, not_needed or forged");
}

bool RemoteSigner::owns(std::string_view path) {
    return path == "/generate-live-payment" || path == "/sign-orchestrator-info";
}

Reply RemoteSigner::handle(const Request& request) {
    if (fault_.kind == SignerFaultKind::down) return shaped(Reply::Shape::closed);
    if (fault_.kind == SignerFaultKind::hang) return shaped(Reply::Shape::silent);
    if (!owns(request.path)) return not_found();
    const bool is_payment = request.path == "/generate-live-payment";
    if (request.method != "POST") return http_error(405, "Method Not Allowed");
    const bool fails =
        fault_.kind == SignerFaultKind::error || (is_payment && fault_.kind == SignerFaultKind::pay_error);
    if (fails) return error_object(fault_.status, "signer error");
    return is_payment ? pay(request) : identity();
}

Reply RemoteSigner::identity() {
    ++identified_;
    const auto address = account_.key.address();
    const auto by = fault_.kind == SignerFaultKind::forged ? EthKey::from_seed("forged") : account_.key;
    return typed_reply(200, "application/json",
                       Json::object().set("address", address).set("signature", by.sign_text(address)).dump() + "\n");
}

std::string RemoteSigner::params_of(const Demand& demand) const {
    return encode_base64(Json::object()
                             .set("orchestrator", std::int64_t{demand.orchestrator})
                             .set("price", demand.price_wei)
                             .set("unit", demand.unit)
                             .set("manifest", demand.manifest_id)
                             .dump());
}

Reply RemoteSigner::pay(const Request& request) {
    const auto refuse = [this](int status, std::string_view why) {
        ++refused_;
        return error_object(status, why);
    };
    const auto asked = parse_json(request.body);
    if (!asked || !asked->is(Json::Kind::object)) return refuse(400, "invalid request body");
    const auto decoded = decode_base64(text_in(*asked, "orchestrator"));
    const auto params = decoded ? parse_json(*decoded) : Result<Json>(fail(STIPEND_E_INVALID, "not base64"));
    if (!params || !params->is(Json::Kind::object)) return refuse(400, "invalid orchestrator info");
    const auto unit = text_in(*params, "unit");
    if (text_in(*asked, "type") != payment_type(unit)) return refuse(400, "invalid payment type");
    const auto price = number_in(*params, "price", 0);
    if (fault_.kind == SignerFaultKind::refresh) {
        const bool last = fault_.times == 1;
        if (fault_.times > 0) --fault_.times;
        if (last) fault_ = {};
        auto reply = refuse(480, "refresh the orchestrator info");
        reply.headers.emplace_back("Livepeer-Orchestrator-URL", std::to_string(number_in(*params, "orchestrator", 0)));
        return reply;
    }
    if (fault_.kind == SignerFaultKind::not_needed) return refuse(482, "no ticket needed");
    if (const auto* most = asked->find("maxPrice"); most != nullptr) {
        if (text_in(*most, "currency") != "wei" || text_in(*most, "unit") != unit) {
            return refuse(400, "max price has another unit or currency");
        }
        if (exceeds(price, most->find("price"))) return refuse(481, "price exceeds the max price");
    }
    if (fault_.kind == SignerFaultKind::ceiling) return refuse(481, "price exceeds the ceiling");
    const auto cost = static_cast<__int128>(price) * first_units(unit);
    if ((cost + settings_.ticket_ev_wei - 1) / settings_.ticket_ev_wei > max_tickets) {
        return refuse(400, "too many tickets");
    }
    if (made_.size() >= max_payments) {
        made_.pop_front();
        ++first_;
    }
    made_.push_back({.demand = {.orchestrator = static_cast<std::uint32_t>(number_in(*params, "orchestrator", 0)),
                                .price_wei = price,
                                .unit = unit,
                                .manifest_id = text_in(*asked, "ManifestID")}});
    ++paid_;
    const auto id = std::to_string(first_ + made_.size() - 1);
    return typed_reply(200, "application/json",
                       Json::object()
                               .set("payment", encode_base64(cat(payment_prefix, id)))
                               .set("segCreds", encode_base64(cat(segment_prefix, id)))
                               .set("state", Json::object().set("State", encode_base64(id)).set("Sig", "0x"))
                               .dump() +
                           "\n");
}

RemoteSigner::Made* RemoteSigner::find(std::string_view id) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(id.data(), id.data() + id.size(), number);
    if (id.empty() || read.ec != std::errc() || read.ptr != id.data() + id.size() || number < first_) return nullptr;
    return number - first_ < made_.size() ? &made_[static_cast<std::size_t>(number - first_)] : nullptr;
}

std::optional<Reply> RemoteSigner::spend(const std::string& payment, const std::string& segment, const Demand& demand) {
    const auto id = id_of(payment, payment_prefix);
    auto* made = find(id);
    if (made == nullptr) return error_object(402, "could not parse payment");
    if (id_of(segment, segment_prefix) != id) return error_object(403, "ErrSegSig");
    if (made->demand.manifest_id != demand.manifest_id) {
        return error_object(403, "mismatched manifest and auth token");
    }
    if (made->demand.orchestrator != demand.orchestrator || made->demand.price_wei != demand.price_wei ||
        made->demand.unit != demand.unit) {
        return error_object(400, "payment price does not match live runner price");
    }
    if (made->used) {
        ++replayed_;
        return error_object(400, "invalid ticket senderNonce: already seen");
    }
    made->used = true;
    ++spent_;
    return std::nullopt;
}

Json RemoteSigner::state() const {
    const auto count = [](std::uint64_t value) { return Json::of_number(std::to_string(value)); };
    return Json::object()
        .set("fault", std::string(signer_faults.at(static_cast<std::size_t>(fault_.kind))))
        .set("identified", count(identified_))
        .set("paid", count(paid_))
        .set("refused", count(refused_))
        .set("spent", count(spent_))
        .set("replayed", count(replayed_));
}

}  // namespace stipend::devnet
