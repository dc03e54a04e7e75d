#include "tests/devnet/listeners.hpp"

#include <cstdio>

namespace stipend::devnet {

Result<Certificate> Listeners::certificate(std::uint32_t number, const std::string& host) const {
    STIPEND_LET(made, make_certificate(host));
    if (!folder_.empty()) STIPEND_TRY(write_certificate(made, cat(folder_, "/", number)));
    return made;
}

Result<std::string> Listeners::add(const Endpoint& endpoint, Handler handler) {
    const auto number = static_cast<std::uint32_t>(listeners_.size());
    if (endpoint.plain) {
        STIPEND_LET(id, server_.listen(endpoint, std::move(handler)));
        listeners_.push_back({id, endpoint.host, true});
        return cat("http://", endpoint.host, ":", server_.port(id));
    }
    STIPEND_LET(made, certificate(number, endpoint.host));
    STIPEND_LET(id, server_.listen(endpoint, std::move(handler), &made));
    listeners_.push_back({id, endpoint.host, false});
    return cat("https://", endpoint.host, ":", server_.port(id));
}

Result<void> Listeners::try_renew(std::uint32_t number) {
    const auto& listener = listeners_.at(number);
    STIPEND_LET(made, certificate(number, listener.host));
    return server_.set_certificate(listener.id, made);
}

void Listeners::renew(std::uint32_t number) {
    if (number >= listeners_.size() || listeners_[number].plain) return;
    if (const auto done = try_renew(number); !done) {
        std::fprintf(stderr, "stipend-devnet: orchestrator %u: %s\n", number, done.error().message.c_str());
    }
}

void Listeners::restart(std::uint32_t number, std::int64_t down_ns) {
    if (number >= listeners_.size()) return;
    server_.restart(listeners_[number].id, down_ns, [this, number] { renew(number); });
}

}  // namespace stipend::devnet
