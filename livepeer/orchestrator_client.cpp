#include "livepeer/orchestrator_client.hpp"

#include <utility>

namespace livepeer {

using stipend::cat;
using stipend::fail;
using stipend::Result;

namespace {

constexpr std::uint64_t most_orchestrator_answer = 65'536;  // bytes
constexpr std::string_view registration_alert = "registration";

}  // namespace

void OrchestratorClient::warn_of_secret() const {
    if (is_loopback_url(settings_.orchestrator)) return;
    const bool plain = settings_.orchestrator.starts_with("http:");
    if (!plain && settings_.trust.by != ServerTrust::By::any) return;
    host_.log(STIPEND_LOG_WARN, cat("the secret is sent ", plain ? "in the clear to " : "to any server at ",
                                    settings_.orchestrator, plain ? " (http)" : " (tls: none)",
                                    ": want orchestrator_cert, orchestrator_ca or pin_sha256, and https"));
}

Result<stipend_op> OrchestratorClient::send(std::string_view method, std::string_view path, std::string_view headers,
                                            std::string_view body, std::uint32_t timeout_ms,
                                            stipend::Host::HttpDone done) const {
    const auto url = cat(settings_.orchestrator, path);
    stipend::HttpRequest request;
    request.method = method;
    request.url = url;
    request.headers = headers;
    request.body = body;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = most_orchestrator_answer;
    std::string pin;
    STIPEND_TRY(settings_.trust.apply(request, pin));
    return host_.http(request, std::move(done));
}

std::string OrchestratorClient::certificate_trouble(const std::string& error) const {
    switch (settings_.trust.by) {
        case ServerTrust::By::pin:
            return cat("its certificate is not the one of pin_sha256: ", error,
                       "; an orchestrator makes a new one at each start, so it was restarted, or another server "
                       "answers there: orchestrator_cert (its dataDir/cert.pem) survives restarts");
        case ServerTrust::By::certificate:
            return cat("its certificate is not the one in ", settings_.trust.value, ": ", error);
        default:
            return cat("TLS fails: ", error,
                       "; if the certificate is its own, orchestrator_cert is to be its "
                       "dataDir/cert.pem, or pin_sha256 what `stipend byoc pin ",
                       settings_.orchestrator, "` shows");
    }
}

void OrchestratorClient::note(Trouble trouble, const std::string& what) {
    follow_alert(trouble, what);
    Trouble before = Trouble::none;
    bool same_text = false;
    {
        const std::lock_guard lock(mutex_);
        before = std::exchange(trouble_, trouble);
        same_text = what_ == what;
        what_ = what;
    }
    if (before == trouble && same_text) return;
    const auto both = cat(settings_.capability, " and ", settings_.orchestrator);
    if (trouble != Trouble::none) {
        host_.log(STIPEND_LOG_WARN, cat(both, ": ", what, "; the worker goes on serving"));
    } else if (before != Trouble::starting) {
        host_.log(STIPEND_LOG_INFO, cat(both, ": all is well again"));
    }
}

void OrchestratorClient::follow_alert(Trouble trouble, const std::string& what) {
    if (trouble == Trouble::none) {
        down_since_ = 0;
        if (raised_.value_or(true)) host_.resolve_alert(registration_alert);
        raised_ = false;
        return;
    }
    const bool away = trouble == Trouble::down;
    if (!away) down_since_ = 0;
    if (away && down_since_ == 0) down_since_ = host_.monotonic();
    const bool lasting = trouble == Trouble::tls || trouble == Trouble::secret || trouble == Trouble::refused ||
                         (away && host_.monotonic() - down_since_ >= down_patience_ns);
    if (!lasting || raised_.value_or(false)) return;
    raised_ = true;
    host_.raise_alert(registration_alert, STIPEND_ALERT_WARNING,
                      cat(settings_.capability, " is not registered with ", settings_.orchestrator, ": ", what));
}

OrchestratorClient::Trouble OrchestratorClient::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

std::string OrchestratorClient::problem() const {
    const std::lock_guard lock(mutex_);
    return what_;
}

Result<void> OrchestratorClient::health() const {
    const std::lock_guard lock(mutex_);
    if (trouble_ == Trouble::none) return {};
    return fail(STIPEND_E_UNAVAILABLE, settings_.capability, " and ", settings_.orchestrator, ": ", what_);
}

}  // namespace livepeer
