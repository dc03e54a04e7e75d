// Distributed calls: jobs that an account has orchestrators do. They are no checks, and decide no pay: what the engine
// knows of them are their fees. [control]
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "host/engine/effects.hpp"
#include "host/engine/generation.hpp"

namespace stipend::engine {

// Rationale: calls have rates of their own, of the same height as those of checks, so that no call puts off a check.
// They wait in memory, and none is sent twice: what waits when the host ends is not sent any more.
class CallDesk {
  public:
    static constexpr std::size_t max_calls = 10'000;  // that wait or are under way
    static constexpr std::size_t max_under_way = 64;
    static constexpr std::int64_t full_retry_ns = ns_per_s;

    struct Call {
        registry::PayeeIndex payee = 0;
        std::shared_ptr<const CallText> text;
    };
    // What became of the calls of one order, when all of them are over.
    struct Summary {
        std::size_t answered = 0;
        std::size_t failed = 0;
        std::string first_failure = {};
    };
    // Since the start; of each orchestrator one, but `refused`, which counts orders.
    struct Counts {
        std::uint64_t queued = 0;
        std::uint64_t sent = 0;
        std::uint64_t answered = 0;
        std::uint64_t failed = 0;
        std::uint64_t refused = 0;
    };
    using Send = std::function<void(std::uint64_t number, const Call& call)>;
    using Over = std::function<void(const CallText& text, const Summary& summary)>;

    CallDesk(Send send, Over over) : send_(std::move(send)), over_(std::move(over)) {}

    // Counts one call of each payee in the rates, and keeps places for them until `begin` or `drop`. Otherwise nothing
    // is changed but the count of refusals: when they may be tried again.
    [[nodiscard]] std::optional<stipend_unix_ns> admit(std::span<const registry::PayeeIndex> payees,
                                                       const DispatchRules& rules, stipend_unix_ns now);
    // Sends calls that were admitted, as their rate has it: at once, and in `tick`.
    void begin(std::span<const registry::PayeeIndex> payees, CallText text, const DispatchRules& rules,
               stipend_unix_ns now);
    // They are not sent.
    void drop(std::size_t admitted);
    // An order that was refused without asking for places.
    void count_refusal() { ++counts_.refused; }

    void tick(stipend_unix_ns now);
    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup() const;
    // Of a call that is under way.
    [[nodiscard]] std::optional<registry::PayeeIndex> payee_of(std::uint64_t number) const;
    void done(std::uint64_t number, const JobResult& result, stipend_unix_ns now);
    // Drops what waits, and takes nothing more.
    void close();

    // Calls that were given to it since the start.
    [[nodiscard]] std::uint64_t given_to(registry::PayeeIndex payee) const;
    [[nodiscard]] std::size_t under_way() const { return under_way_.size(); }
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
    // Those that wait for nothing but their rate: an orchestrator that answers late does not add to them.
    [[nodiscard]] std::size_t waiting_for_rate(stipend_unix_ns now) const;
    [[nodiscard]] const Counts& counts() const { return counts_; }

  private:
    struct Order {
        CallText text;
        std::size_t left = 0;
        Summary summary;
    };
    struct Waiting {
        stipend_unix_ns at = 0;
        registry::PayeeIndex payee = 0;
        std::shared_ptr<Order> order;
    };
    struct Sent {
        registry::PayeeIndex payee = 0;
        std::shared_ptr<Order> order;
    };
    struct Own {
        TokenBucket bucket;
        std::uint64_t given = 0;
    };

    const Send send_;
    const Over over_;
    std::deque<Waiting> waiting_;  // by time
    std::unordered_map<std::uint64_t, Sent> under_way_;
    std::unordered_map<registry::PayeeIndex, Own> own_;
    TokenBucket pace_;  // when the calls that were begun go out
    std::size_t admitted_ = 0;
    Counts counts_;
    std::uint64_t last_number_ = 0;
    bool closed_ = false;
};

}  // namespace stipend::engine
