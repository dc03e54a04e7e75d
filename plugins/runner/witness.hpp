// Whether this host's network works, by what others answer: the configured witnesses, and orchestrators that answered
// before. Any status counts as an answer. All of it is [pool].
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "settings.hpp"
#include "stipend/host.hpp"

namespace runner {

class Witness {
  public:
    static constexpr std::uint32_t timeout_ms = 3'000;
    static constexpr std::size_t max_peers = 4;

    enum class Network : std::uint8_t {
        works,    // another party answers
        fails,    // none does, the configured witnesses included
        unknown,  // none does, and no witness is configured
    };
    using Done = stipend::UniqueFunction<void(Network)>;

    // `settings` outlives it.
    Witness(stipend::Host host, const Settings& settings) : host_(host), settings_(settings) {}

    // That orchestrator has answered. `registered`: its address is not the operator's.
    void note(const std::string& address, bool registered);

    // Whether the network works apart from `address`, whose own answers count for nothing. `done` comes once; from
    // inside this call if there is nothing to ask.
    void ask(const std::string& address, Done done);

  private:
    struct Peer {
        std::string key;  // stipend::address_key
        std::string address;
        bool registered = false;
    };
    struct Round {
        std::set<std::string> answered;  // keys of peers, URLs of witnesses
        std::size_t open = 0;
    };
    struct Question {
        std::string key;
        Done done;
    };
    void begin();
    void ask_configured(const std::shared_ptr<Round>& round, const Settings::Witness& witness);
    void ask_peer(const std::shared_ptr<Round>& round, const Peer& peer);
    void send(const std::shared_ptr<Round>& round, const std::string& key, const stipend::HttpRequest& request);
    void over(const Round& round);

    const stipend::Host host_;
    const Settings& settings_;
    std::deque<Peer> peers_;  // the one that answered last is the first
    std::vector<Question> waiting_, asked_;
    std::shared_ptr<Round> round_;  // under way
};

}  // namespace runner
