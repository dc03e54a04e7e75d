// The steps that look at the gateway: from its name to the answer that shows it well. Each blocks for at most 10 s.
#pragma once

#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "tools/jobs/plan.hpp"
#include "tools/verify/step.hpp"

namespace stipend::verify {

class GatewaySteps {
  public:
    // `way` has been checked, and outlives it.
    explicit GatewaySteps(const jobs::Way& way) : way_(way) {}

    Found dns();
    // After `dns` passed.
    Found tcp() const;
    Found tls() const;
    // A request that is no job: the gateway has to refuse it in its own words.
    Found route() const;
    // A job for an orchestrator that does not exist: see livepeer::sentinel_address. It reaches no orchestrator.
    Found sentinel() const;

  private:
    const jobs::Way& way_;
    std::string authority_;  // of its URL
    std::string name_;       // of its certificate; empty without TLS
    std::vector<boost::asio::ip::tcp::endpoint> endpoints_;
};

}  // namespace stipend::verify
