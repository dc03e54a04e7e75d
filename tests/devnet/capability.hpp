// What workers registered with one orchestrator, and how many jobs each is thought to carry.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "stipend/result.hpp"
#include "tests/devnet/fine_wei.hpp"

namespace stipend::devnet {

struct Capability {
    std::string name = {};
    std::string url = {};
    std::string token = {};
    std::int64_t capacity = 0;
    std::int64_t load = 0;
    FineWei price = 0;      // per second
    bool scripted = false;  // answered inside the devnet
};

// What became of a registration's text.
struct Registration {
    enum class Outcome : std::uint8_t {
        accepted,
        refused,  // `error` is the node's text
        panic,    // the node's handler dies on it: an unknown currency
    };
    Outcome outcome = Outcome::accepted;
    Capability capability = {};
    std::string error = {};
};

// Reads the JSON of POST /capability/register. `usd_per_eth` is the price feed's answer; 0: there is no feed, and USD
// is a currency as unknown as any other.
[[nodiscard]] Registration parse_registration(std::string_view text, std::int64_t usd_per_eth);

// The registry of an orchestrator with its accounting, quirks included: load is not bounded by capacity, registering
// again sets it to 0 whatever is in flight, and later releases take it below.
class CapabilityTable {
  public:
    static constexpr std::size_t max_entries = 1000;

    // Replaces an entry of the same name. False beyond max_entries (a bound of the devnet, not of a node).
    bool add(Capability capability);
    void remove(std::string_view name);
    void clear() { entries_.clear(); }
    // NULL if not registered; valid until the next change.
    [[nodiscard]] const Capability* find(std::string_view name) const;
    // Capacity less load: 0 if not registered, negative if overloaded, above capacity after a re-registration.
    [[nodiscard]] std::int64_t available(std::string_view name) const;
    // False if not registered; a full one is reserved all the same.
    bool reserve(std::string_view name);
    // Takes `slots` of every entry, as jobs that never end.
    void hold(std::int64_t slots);
    // Nothing happens if it was removed meanwhile.
    void release(std::string_view name);
    [[nodiscard]] const std::map<std::string, Capability, std::less<>>& entries() const { return entries_; }

  private:
    std::map<std::string, Capability, std::less<>> entries_;
};

}  // namespace stipend::devnet
