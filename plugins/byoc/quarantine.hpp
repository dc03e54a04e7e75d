// The orchestrators that charged more than was agreed. No job is sent to one until its time is over, or until the cap
// allows what it charged. Stored in the host, so a restart forgets nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "stipend/host.hpp"

namespace byoc {

class Quarantine {
  public:
    static constexpr std::size_t max_known = 200'000;

    Quarantine(stipend::Host host, std::int64_t length_ns, std::uint64_t max_price)
        : host_(host), length_ns_(length_ns), max_price_(max_price) {}

    // From now on. An alert is raised. [pool]
    void add(const std::string& address, const std::string& why);
    // Why no job may be sent to that address, or nothing. [pool]
    std::optional<std::string> refusal(const std::string& address);

  private:
    struct Entry {
        stipend_unix_ns since = 0;
        std::uint64_t max_price = 0;  // the cap that it broke
        std::string why;
    };
    std::optional<Entry> stored(const std::string& address) const;

    const stipend::Host host_;
    const std::int64_t length_ns_;
    const std::uint64_t max_price_;
    std::map<std::string, std::optional<Entry>> known_;  // by stipend::address_key; what the host has stored of each
};

}  // namespace byoc
