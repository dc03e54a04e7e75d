#include "host/engine/connect_back.hpp"

namespace stipend::engine {

// What failed before a packet left this machine is this host's own fault, and says nothing of the endpoint.
ConnectBack::Seen verdict_of(const Result<void>& result, const http::HttpResponse& response) {
    using Verdict = ConnectBack::Verdict;
    if (result) return {.verdict = Verdict::reached};
    const auto failed = [](const char* why) { return ConnectBack::Seen{.verdict = Verdict::failed, .why = why}; };
    const auto status = result.error().status;
    if (status == STIPEND_E_INVALID) return failed("its address is not allowed");
    if (response.cause == http::Cause::local) return {};
    if (status == STIPEND_E_TIMEOUT) {
        if (response.phase == http::Phase::resolve) return {};  // it waited for the resolver, or for its turn
        return failed(response.phase == http::Phase::tls ? "no TLS handshake within 5 s" : "no connection within 5 s");
    }
    if (status != STIPEND_E_UNAVAILABLE) return {};
    if (response.cause == http::Cause::resolve) return failed("its name leads to no address");
    if (response.cause == http::Cause::refused) return failed("the connection was refused");
    return failed(response.phase == http::Phase::tls ? "the TLS handshake failed" : "the connection failed");
}

void ConnectBack::check(const std::string& id, const std::string& endpoint, stipend_unix_ns now,
                        std::function<void(const Seen&)> done) {
    {
        std::unique_lock lock(mutex_);
        auto& entry = entries_[id];
        const bool early = entry.tried_at != 0 && now >= entry.tried_at && now - entry.tried_at < pause_ns;
        if (early || under_way_ >= max_at_once) {
            const auto known = entry.seen;
            lock.unlock();
            return done(known);
        }
        entry.endpoint = endpoint;
        entry.tried_at = now;
        ++under_way_;
    }
    http::HttpRequest request{.url = endpoint};
    request.timeout_ms = timeout_ms;
    request.tls = http::TlsMode::none;  // orchestrators sign their certificates themselves
    request.connect_only = true;
    request.public_target = true;
    auto finish = [self = shared_from_this(), id, endpoint, now, done](const Result<void>& result,
                                                                       const http::HttpResponse& response) {
        self->ended(id, endpoint, now, result, response);
        done(self->seen(id));
    };
    const auto sent = http_.send(
        std::move(request), {.on_done = [finish](std::uint64_t, Result<void>&& result, http::HttpResponse&& response) {
            finish(result, response);
        }});
    if (!sent) finish(fail(STIPEND_E_STATE, sent.error().message), {});
}

void ConnectBack::ended(const std::string& id, const std::string& endpoint, stipend_unix_ns at,
                        const Result<void>& result, const http::HttpResponse& response) {
    auto next = verdict_of(result, response);
    std::string line;
    {
        const std::lock_guard lock(mutex_);
        --under_way_;
        const auto found = entries_.find(id);
        if (found == entries_.end() || found->second.endpoint != endpoint) return;  // removed, or moved, meanwhile
        if (next.verdict == Verdict::unknown) return;
        auto& seen = found->second.seen;
        const bool same = seen.verdict == next.verdict;
        next.since = same ? seen.since : at;
        if (!same && next.verdict == Verdict::failed) {
            line = cat("registration: ", id, " is not reached at ", endpoint, ": ", result.error().message);
        } else if (!same && seen.verdict == Verdict::failed) {
            line = cat("registration: ", id, " is reached again at ", endpoint);
        }
        seen = std::move(next);
    }
    if (!line.empty()) log_(line);
}

ConnectBack::Seen ConnectBack::seen(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    return found == entries_.end() ? Seen() : found->second.seen;
}

std::vector<std::string> ConnectBack::failing() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [id, entry] : entries_) {
        if (entry.seen.verdict == Verdict::failed) out.push_back(id);
    }
    return out;
}

void ConnectBack::forget(std::string_view id) {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(id); found != entries_.end()) entries_.erase(found);
}

}  // namespace stipend::engine
