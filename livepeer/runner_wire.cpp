#include "livepeer/runner_wire.hpp"

#include <algorithm>

#include "livepeer/wire.hpp"
#include "stipend/ascii.hpp"
#include "stipend/decimal.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/url.hpp"

namespace livepeer {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::Result;
using stipend::Wei;

namespace {

constexpr std::size_t most_discovery = 1 << 20;
constexpr std::size_t most_runners = 10'000;
constexpr std::size_t most_demand = 1 << 18;
constexpr std::size_t most_header_value = 32'768;
constexpr std::size_t most_id = 256;
constexpr std::size_t most_url = 2048;
constexpr std::size_t most_shown = 160;
constexpr std::size_t most_price_digits = 39;  // a price that is longer is a mistake; ten times it is still an amount

bool is_path_char(char c) {
    return stipend::ascii::is_alnum(c) || c == '.' || c == '_' || c == '-' || c == '~';
}

bool is_base64_char(char c) {
    return stipend::ascii::is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
}

// The text of a member; nothing if it is missing. INVALID: another kind, or too long.
Result<std::string> runner_text(const Json& object, std::string_view key, std::size_t most) {
    const auto* found = object.find(key);
    if (found == nullptr || found->is(Json::Kind::null)) return std::string();
    if (!found->is(Json::Kind::string) || found->text().size() > most) {
        return fail(STIPEND_E_INVALID, key, ": got ", found->kind_name(), ", want a string of at most ", most,
                    " bytes");
    }
    return found->text();
}

Result<std::int64_t> runner_count(const Json& object, std::string_view key) {
    const auto* found = object.find(key);
    if (found == nullptr) return 0;
    const auto number = found->is(Json::Kind::number) ? stipend::Decimal::parse(found->text())
                                                      : Result<stipend::Decimal>(fail(STIPEND_E_INVALID, "no number"));
    const auto value = number ? number->exact_scaled(0) : Result<std::int64_t>(-1);
    if (!value || *value < 0)
        return fail(STIPEND_E_INVALID, key, ": got ", found->kind_name(), ", want a whole number");
    return *value;
}

struct AddressAndPath {
    std::string_view address;
    std::string_view path;  // begins with a slash
};

// None: the URL has no path.
std::optional<AddressAndPath> cut_before_path(std::string_view url) {
    const auto parts = stipend::split_url(url);
    if (!parts || !parts->rest.starts_with('/') || url.size() > most_url) return std::nullopt;
    return AddressAndPath{url.substr(0, url.size() - parts->rest.size()), parts->rest};
}

// Only a path of the orchestrator's own: the payer sends to no other address than the one it was given.
Result<void> read_call_url(const std::string& url, RunnerOffer& out) {
    const auto refuse = [&] {
        return fail(STIPEND_E_INVALID, "url: got \"", printable(url, most_shown),
                    "\", want http(s)://host/apps/<id>/app");
    };
    const auto cut = cut_before_path(url);
    if (!cut) return refuse();
    const auto path = cut->path;
    constexpr std::string_view begin = "/apps/";
    const auto end = path.rfind('/');
    if (!path.starts_with(begin) || end <= begin.size()) return refuse();
    const auto kind = path.substr(end);
    const auto id = path.substr(begin.size(), end - begin.size());
    const bool plain =
        id.size() <= most_id && id != "." && id != ".." && std::all_of(id.begin(), id.end(), is_path_char);
    if (!plain || (kind != "/app" && kind != "/session")) return refuse();
    out.path = path;
    out.origin = stipend::address_key(cut->address);
    return {};
}

bool is_plain_path(std::string_view path) {
    while (!path.empty()) {
        path.remove_prefix(1);  // its slash
        const auto part = path.substr(0, path.find('/'));
        if (part.empty() || part == "." || part == ".." || !std::all_of(part.begin(), part.end(), is_path_char)) {
            return false;
        }
        path.remove_prefix(part.size());
    }
    return true;
}

// The path of a session's URL, if it leads to the orchestrator itself: what is sent there goes to the address that the
// payer knows, so a URL that names another one is no use, and may be meant for one that only the payer reaches.
Result<std::string> session_path(const Json& object, std::string_view key, std::string_view address,
                                 std::string_view origin) {
    STIPEND_LET(url, runner_text(object, key, most_url));
    const auto bare = without_slash(url);
    const auto cut = cut_before_path(bare);
    const auto path = cut ? cut->path : std::string_view();
    const auto refuse = [&](std::string_view want) {
        return fail(STIPEND_E_INVALID, key, ": got \"", printable(url, most_shown), "\", want ", want);
    };
    if (path.empty() || !is_plain_path(path)) return refuse("http(s)://host/path, in plain letters");
    const auto leads_to = stipend::address_key(cut->address);
    const bool is_own = leads_to == stipend::address_key(address) || leads_to == origin;
    if (!is_own || leads_to.find('@') != std::string::npos) {
        return refuse(cat("one of the orchestrator's own, ", printable(origin, most_shown)));
    }
    return std::string(path);
}

Result<void> read_price(const Json& runner, RunnerOffer& out) {
    const auto* info = runner.find("price_info");
    if (info == nullptr || info->is(Json::Kind::null)) return {};
    if (!info->is(Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "price_info: got ", info->kind_name(), ", want an object");
    }
    const auto* price = info->find("price");
    if (price == nullptr) return {};
    STIPEND_LET(currency, runner_text(*info, "currency", most_id));
    STIPEND_SET(out.unit, runner_text(*info, "unit", most_id));
    const bool readable = price->is(Json::Kind::number) && price->text().size() <= most_price_digits;
    auto wei = readable ? Wei::parse(price->text()) : Result<Wei>(fail(STIPEND_E_INVALID, "no number"));
    if (!wei || currency != "wei") {
        return fail(STIPEND_E_INVALID, "price_info: got ", printable(info->dump(), most_shown),
                    ", want a whole price in wei");
    }
    out.unit = printable(out.unit, most_id);
    out.price = std::move(*wei);
    return {};
}

Result<RunnerOffer> read_offer(const Json& runner) {
    RunnerOffer out;
    STIPEND_LET(url, runner_text(runner, "url", most_url));
    STIPEND_TRY(read_call_url(url, out));
    STIPEND_LET(version, runner_text(runner, "version", 1024));
    out.version = printable(version, most_id);
    STIPEND_LET(mode, runner_text(runner, "mode", most_id));
    out.single_shot = mode == "single-shot";
    STIPEND_SET(out.capacity, runner_count(runner, "capacity"));
    STIPEND_SET(out.available, runner_count(runner, "capacity_available"));
    STIPEND_TRY(read_price(runner, out));
    return out;
}

Result<void> read_runners(const Json& list, std::string_view app, RunnerOffers& out) {
    if (!list.is(Json::Kind::array) || list.items().size() > most_runners) {
        return fail(STIPEND_E_INVALID, "runners: got ", list.kind_name(), ", want a list of at most ", most_runners);
    }
    std::size_t at = 0;
    for (const auto& runner : list.items()) {
        const auto where = cat("runners[", at++, "]");
        const auto* name = runner.is(Json::Kind::object) ? runner.find("app") : nullptr;
        if (name == nullptr || !name->is(Json::Kind::string)) {
            return fail(STIPEND_E_INVALID, where, ": got ", runner.kind_name(), ", want an object with its app");
        }
        if (name->text() != app) {
            ++out.others;
            continue;
        }
        auto offer = read_offer(runner);
        if (!offer) return std::move(offer.error()).in(where);
        out.runners.push_back(std::move(*offer));
    }
    return {};
}

}  // namespace

Result<void> check_app(std::string_view app) {
    const bool good = !app.empty() && app.size() <= 128 && std::all_of(app.begin(), app.end(), [](char c) {
        return stipend::ascii::is_alnum(c) || c == '.' || c == '_' || c == '-' || c == '/';
    });
    if (good) return {};
    return fail(STIPEND_E_INVALID, "bad app: got \"", printable(app, 60),
                "\", want 1 to 128 letters, digits, '.', '_', '-' and '/'");
}

Result<RunnerOffers> read_runner_offers(std::string_view body, std::string_view app) {
    STIPEND_LET(text, json_text(body));
    STIPEND_LET(json, stipend::parse_json(text, {.bytes = most_discovery, .depth = 8, .nodes = 200'000}));
    if (!json.is(Json::Kind::array)) return fail(STIPEND_E_INVALID, "got ", json.kind_name(), ", want a list");
    RunnerOffers out;
    for (const auto& node : json.items()) {
        if (!node.is(Json::Kind::object)) {
            return fail(STIPEND_E_INVALID, "got a list of ", node.kind_name(), ", want one of objects");
        }
        STIPEND_LET(address, runner_text(node, "address", most_url));
        if (out.announced.empty()) out.announced = printable(address, most_url);
        const auto* runners = node.find("runners");
        if (runners == nullptr || runners->is(Json::Kind::null)) continue;
        STIPEND_TRY(read_runners(*runners, app, out));
    }
    return out;
}

std::optional<Wei> first_cost(const RunnerOffer& offer) {
    if (!offer.price || offer.price->zero()) return Wei();
    if (offer.unit == "fixed") return *offer.price;
    if (offer.unit == "seconds") return Wei(stipend::CheckedU256(offer.price->value() * first_payment_s));
    return std::nullopt;
}

const RunnerOffer* choose_runner(const RunnerOffers& offers) {
    const RunnerOffer* best = nullptr;
    // Of two, which one is called: true, the first.
    const auto better = [](const RunnerOffer& a, const RunnerOffer& b) {
        if (a.single_shot != b.single_shot) return a.single_shot;
        if ((a.available > 0) != (b.available > 0)) return a.available > 0;
        const auto cost_a = first_cost(a);
        const auto cost_b = first_cost(b);
        if (!cost_a || !cost_b) return cost_a.has_value() && !cost_b;
        return *cost_a < *cost_b;
    };
    for (const auto& one : offers.runners) {
        if (one.callable() && (best == nullptr || better(one, *best))) best = &one;
    }
    return best;
}

Result<RunnerSession> read_runner_session(std::string_view body, std::string_view address, std::string_view origin) {
    STIPEND_LET(json, stipend::parse_json(body, {.bytes = most_demand, .depth = 8, .nodes = 1000}));
    if (!json.is(Json::Kind::object)) return fail(STIPEND_E_INVALID, "got ", json.kind_name(), ", want an object");
    RunnerSession out;
    STIPEND_SET(out.control, session_path(json, "control_url", address, origin));
    auto app = session_path(json, "app_url", address, origin);
    if (app) {
        out.app = std::move(*app);
    } else {
        out.refusal = app.error().message;
    }
    return out;
}

Result<PaymentDemand> read_payment_demand(std::string_view body) {
    STIPEND_LET(json, stipend::parse_json(body, {.bytes = most_demand, .depth = 8, .nodes = 1000}));
    if (!json.is(Json::Kind::object)) return fail(STIPEND_E_INVALID, "got ", json.kind_name(), ", want an object");
    PaymentDemand out;
    STIPEND_SET(out.params, runner_text(json, "payment_params", most_demand));
    STIPEND_SET(out.manifest_id, runner_text(json, "manifest_id", most_id));
    if (out.params.empty() || !std::all_of(out.params.begin(), out.params.end(), is_base64_char)) {
        return fail(STIPEND_E_INVALID, "payment_params: got \"", printable(out.params, 60), "\", want base64");
    }
    if (out.manifest_id.empty()) return fail(STIPEND_E_INVALID, "manifest_id: got nothing, want a string");
    return out;
}

std::string payment_request_body(const PaymentDemand& demand, std::string_view app, const Wei& max_price,
                                 std::string_view unit) {
    std::string out;
    out.reserve(demand.params.size() + demand.manifest_id.size() + app.size() + 160);
    out += R"({"orchestrator":)";
    Json::quote(out, demand.params);
    out += R"(,"ManifestID":)";
    Json::quote(out, demand.manifest_id);
    out += unit == "seconds" ? R"(,"type":"live","app":)" : R"(,"type":"fixed","app":)";
    Json::quote(out, app);
    out += cat(R"(,"maxPrice":{"price":)", max_price.text(), R"(,"currency":"wei","unit":)");
    Json::quote(out, unit);
    return out += "}}";
}

Result<RunnerPayment> read_runner_payment(std::string_view body) {
    STIPEND_LET(json, stipend::parse_json(body, {.bytes = most_demand, .depth = 8, .nodes = 1000}));
    if (!json.is(Json::Kind::object)) return fail(STIPEND_E_INVALID, "got ", json.kind_name(), ", want an object");
    RunnerPayment out;
    STIPEND_SET(out.payment, runner_text(json, "payment", most_header_value));
    STIPEND_SET(out.segment, runner_text(json, "segCreds", most_header_value));
    for (const auto* value : {&out.payment, &out.segment}) {
        if (!value->empty() && std::all_of(value->begin(), value->end(), is_base64_char)) continue;
        return fail(STIPEND_E_INVALID, "payment and segCreds: got \"", printable(*value, 60), "\", want base64");
    }
    return out;
}

std::string error_text(std::string_view body) {
    const auto json = stipend::parse_json(body, {.bytes = 65'536, .depth = 8, .nodes = 100});
    const auto* error = json && json->is(Json::Kind::object) ? json->find("error") : nullptr;
    const auto* message = error != nullptr && error->is(Json::Kind::object) ? error->find("message") : nullptr;
    if (message != nullptr && message->is(Json::Kind::string)) return printable(message->text(), most_shown);
    while (body.ends_with('\n')) body.remove_suffix(1);
    return printable(body, most_shown);
}

}  // namespace livepeer
