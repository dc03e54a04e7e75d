#include "tools/jobs/outcome.hpp"

#include <algorithm>

#include "livepeer/gateway_answer.hpp"
#include "livepeer/uptime.hpp"
#include "livepeer/wire.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::jobs {
namespace {

constexpr std::size_t shown = 120;  // bytes of an answer in a message

constexpr std::array<std::string_view, outcomes> names{
    "succeeded",          "connect",    "tls",   "timeout", "4xx", "no_orchestrators", "5xx", "empty_200", "body_check",
    "other_orchestrator", "unexpected", "broken"};

Outcome outcome_of(livepeer::AnswerClass answer) {
    using Class = livepeer::AnswerClass;
    switch (answer) {
        case Class::served:
            return Outcome::succeeded;
        case Class::no_orchestrators:
            return Outcome::no_orchestrators;
        case Class::client_error:
            return Outcome::client_error;
        case Class::server_error:
            return Outcome::server_error;
        case Class::empty:
            return Outcome::empty;
        case Class::unexpected:
            break;
    }
    return Outcome::unexpected;
}

bool may_answer(const Asked& asked, const std::string& served_by) {
    if (asked.address.empty() || livepeer::same_address(served_by, asked.address)) return true;
    return std::any_of(asked.announced.begin(), asked.announced.end(),
                       [&](const auto& one) { return livepeer::same_address(served_by, one); });
}

// Why the body is not what is wanted; empty if it is.
std::string missing(const Check& check, const std::string& body) {
    switch (check.is) {
        case Check::Is::none:
            return {};
        case Check::Is::json: {
            const auto text = livepeer::json_text(body);
            if (!text) return text.error().message;
            const auto json = parse_json(*text, {.bytes = text->size(), .depth = 32, .nodes = 1'000'000});
            return json ? std::string() : json.error().message;
        }
        case Check::Is::uptime: {
            const auto uptime = livepeer::read_uptime(body, false);
            return uptime ? std::string() : uptime.error().message;
        }
        case Check::Is::contains:
            break;
    }
    if (body.find(check.text) != std::string::npos) return {};
    return cat("got \"", livepeer::printable(body, shown), "\", want \"", livepeer::printable(check.text, shown), "\"");
}

}  // namespace

std::string_view name_of(Outcome outcome) {
    return names.at(static_cast<std::size_t>(outcome));
}

Result<Check> parse_check(std::string_view text) {
    constexpr std::string_view contains = "contains:";
    if (text == "json") return Check{Check::Is::json};
    if (text == "uptime") return Check{Check::Is::uptime};
    if (text.starts_with(contains) && text.size() > contains.size()) {
        return Check{Check::Is::contains, std::string(text.substr(contains.size()))};
    }
    return fail(STIPEND_E_INVALID, "bad check: got \"", clip(text, 40), "\", want json, uptime or contains:TEXT");
}

Judged judge(const Answer& answer, const Asked& asked, const Check& check) {
    const auto outcome = outcome_of(livepeer::class_of_answer(answer.status, answer.served_by, answer.body));
    if (outcome == Outcome::empty) return {outcome, "status 200 with an empty body"};
    if (outcome != Outcome::succeeded) {
        std::string_view text = answer.body;
        while (text.ends_with('\n')) text.remove_suffix(1);
        const auto* unnamed = answer.status == 200 ? " without X-Orchestrator-Url" : "";
        return {outcome, cat("status ", answer.status, unnamed, ": \"", livepeer::printable(text, shown), "\"")};
    }
    if (!may_answer(asked, answer.served_by)) {
        return {Outcome::other,
                cat("answered by ", livepeer::printable(answer.served_by, shown), ", want ", asked.address)};
    }
    if (auto why = missing(check, answer.body); !why.empty()) return {Outcome::body_check, std::move(why)};
    return {};
}

}  // namespace stipend::jobs
