#include "worker.hpp"

namespace runner {

using stipend::Json;
using stipend::Result;

Worker::Worker(Settings settings, stipend::Host host)
    : settings_(std::move(settings)),
      host_(host),
      heartbeat_(settings_, host),
      server_(settings_, host,
              {.job_arrived = {},
               .health_asked = [this] { health_asked_ = host_.now(); },
               .registration = [this] { return registration(); }}) {}

Result<void> Worker::start() {
    return server_.start([this] { heartbeat_.begin(); });
}

void Worker::quiesce() {
    if (settings_.registers) heartbeat_.farewell();
}

Result<void> Worker::health() {
    STIPEND_TRY(server_.health());
    if (settings_.registers) return heartbeat_.health();
    return {};
}

Json Worker::registration() const {
    if (settings_.registers) return heartbeat_.report();
    // Anyone may ask, so this proves no registration; without it there is none.
    auto out = Json::object().set("state", "static");
    out.set("health_asked", health_asked_ == 0 ? Json() : Json(livepeer::rfc3339_text(health_asked_)));
    return out;
}

Result<std::string> Worker::report() {
    return server_.report(registration()).dump();
}

}  // namespace runner
