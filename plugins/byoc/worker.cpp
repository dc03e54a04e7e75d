#include "worker.hpp"

#include <stdexcept>

#include "livepeer/credential.hpp"
#include "livepeer/eth_key.hpp"

namespace byoc {

using stipend::Json;
using stipend::Result;

namespace {

// Signs the requests for the orchestrator's token: a key without funds that is never stored.
std::string throwaway_header() {
    auto key = livepeer::EthKey::generate();
    if (!key) throw std::runtime_error(key.error().message);  // becomes the error of `create`
    return livepeer::credential_of(*key).header();
}

}  // namespace

Worker::Worker(Settings settings, stipend::Host host)
    : settings_(std::move(settings)),
      registration_(settings_, host, throwaway_header(), [this] { return server_.idle(); }),
      server_(settings_, host,
              {.job_arrived = [this] { registration_.job_arrived(); },
               .health_asked = {},
               .registration = settings_.registers ? std::function<Json()>([this] { return registration_.report(); })
                                                   : std::function<Json()>()}) {}

Result<void> Worker::start() {
    return server_.start([this] { registration_.begin(); });
}

void Worker::quiesce() {
    if (settings_.registers) registration_.farewell();
}

Result<void> Worker::health() {
    STIPEND_TRY(server_.health());
    if (settings_.registers) return registration_.health();
    return {};
}

Result<std::string> Worker::report() {
    return server_.report(settings_.registers ? registration_.report() : Json::object().set("state", "off")).dump();
}

}  // namespace byoc
