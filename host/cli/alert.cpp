#include <fmt/format.h>

#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "stipend/duration.hpp"

namespace stipend::cli {
namespace {

void print_list(const Json& answer) {
    for (const auto& one : answer.find("active")->items()) {
        std::string to;
        for (const auto& receiver : one.find("receivers")->items()) to += cat(to.empty() ? "" : ", ", receiver.text());
        const auto silenced = text_of(one, "silenced_until");
        fmt::print("{} {} since {}{}, to {}: {}\n", text_of(one, "severity"), text_of(one, "id"), text_of(one, "since"),
                   silenced == "-" ? std::string() : ", silenced until " + silenced, to.empty() ? "no receiver" : to,
                   text_of(one, "text"));
    }
    if (answer.find("active")->items().empty()) fmt::print("no alert fires\n");
    for (const auto& one : answer.find("silences")->items()) {
        fmt::print("silence {} until {} by {}: {}\n", text_of(one, "match"), text_of(one, "until"), text_of(one, "by"),
                   text_of(one, "reason"));
    }
    for (const auto& one : answer.find("receivers")->items()) {
        const auto error = text_of(one, "last_error");
        fmt::print("receiver {}: {} delivered, {} pending, {} rejected, {} dropped{}{}{}\n", text_of(one, "receiver"),
                   text_of(one, "delivered"), text_of(one, "pending"), text_of(one, "rejected"),
                   text_of(one, "dropped"), text_of(one, "quiet") == "true" ? ", quiet hours" : "",
                   error == "-" ? std::string() : ", last error: " + error,
                   text_of(one, "retry_at") == "-" ? std::string() : ", tried again at " + text_of(one, "retry_at"));
    }
    if (answer.find("receivers")->items().empty())
        fmt::print("no receivers are configured: alerts.receivers is empty\n");
}

bool is_list(const Json* list) {
    return list != nullptr && list->is(Json::Kind::array);
}

// Asks the host that runs, and prints its answer by `print`, or as JSON.
template <class Print>
int order(const Common& common, const char* method, const char* path, const Json& body, std::uint32_t timeout_ms,
          Print print) {
    int found = exit_good;
    const auto settings = settings_for(Reads::place, common, found);
    if (!settings) return found;
    const auto answer = ask_host(*settings, method, path, body, timeout_ms);
    if (!answer) return print_error(answer.error());
    if (common.json) fmt::print("{}\n", answer->dump());
    return print(*answer);
}

}  // namespace

int alert_list(const Common& common) {
    return order(common, "GET", "/alerts", {}, soon_ms, [&](const Json& answer) {
        if (!is_list(answer.find("active")) || !is_list(answer.find("receivers")) ||
            !is_list(answer.find("silences"))) {
            return print_error(fail(STIPEND_E_INTERNAL, "got another answer than a list of alerts"));
        }
        if (!common.json) print_list(answer);
        return exit_good;
    });
}

int alert_silence(const SilenceOptions& options) {
    const auto time = parse_duration(options.time);
    if (!time) return print_error(Error(time.error()).in("--for"));
    const auto body = Json::object()
                          .append("match", options.match)
                          .append("for_s", *time / ns_per_s)
                          .append("reason", options.reason)
                          .append("by", requester());
    return order(options.common, "POST", "/alerts/silence", body, soon_ms, [&](const Json& answer) {
        if (!options.common.json) {
            fmt::print("{} is silenced until {}\n", text_of(answer, "match"), text_of(answer, "until"));
        }
        return exit_good;
    });
}

int alert_unsilence(const SilenceOptions& options) {
    return order(options.common, "POST", "/alerts/unsilence", Json::object().append("match", options.match), soon_ms,
                 [&](const Json& answer) {
                     if (!options.common.json) fmt::print("{} is silenced no longer\n", text_of(answer, "match"));
                     return exit_good;
                 });
}

int alert_test(const AlertTestOptions& options) {
    const auto body = options.receiver.empty() ? Json::object() : Json::object().append("receiver", options.receiver);
    return order(options.common, "POST", "/alerts/test", body, slow_ms, [&](const Json& answer) {
        const auto* tests = answer.find("tests");
        if (!is_list(tests)) return print_error(fail(STIPEND_E_INTERNAL, "got another answer than one to a test"));
        int status = exit_good;
        for (const auto& one : tests->items()) {
            const bool accepted = text_of(one, "accepted") == "true";
            if (!accepted) status = exit_bad;
            if (options.common.json) continue;
            fmt::print("{}: {}\n", text_of(one, "receiver"),
                       accepted ? std::string("accepted") : "not accepted: " + text_of(one, "error"));
        }
        return status;
    });
}

}  // namespace stipend::cli
