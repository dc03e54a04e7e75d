// What orchestrators offer, as it was last seen: each is asked once in a while, a few at a time, and nothing waits for
// it. For those that look; never used for paying. In memory alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "host/engine/plugin_calls.hpp"
#include "host/registry/payee.hpp"

namespace stipend::engine {

class OfferBook : public std::enable_shared_from_this<OfferBook> {
  public:
    static constexpr std::int64_t round_ns = 600'000'000'000;  // from the beginning of one round to that of the next
    static constexpr std::size_t max_at_once = 4;

    struct Seen {
        bool reachable = false;     // it named its price; the two below are nothing otherwise
        std::int64_t capacity = 0;  // jobs at once; -1: not stated
        Wei price_per_s = {};       // of the coin
        stipend_unix_ns at = 0;
    };
    // How it reaches the rest of the host. All but `done` of `ask` are called on the control thread.
    struct Parts {
        std::function<std::size_t()> count;
        std::function<std::optional<registry::Payee>(std::size_t)> active;  // nothing: the one at that place is not
        // Begins to ask; `done` may be called inside, or later on any thread, once.
        std::function<void(const registry::Payee&, std::function<void(Result<Offer>)> done)> ask;
        std::function<void(std::function<void()>)> post;  // to the control thread; dropped once the host stops
        std::function<stipend_unix_ns()> now;
    };

    explicit OfferBook(Parts parts) : parts_(std::move(parts)) {}

    // Begins the next round where it is due. [control]
    void tick(stipend_unix_ns now);
    // When the next one is due; nothing while one goes on. [control]
    [[nodiscard]] std::optional<stipend_unix_ns> next() const;
    // Nothing: it was not asked yet in this run. [any]
    [[nodiscard]] std::optional<Seen> seen(std::string_view key) const;

  private:
    void go_on();
    void answered(const std::string& key, const Result<Offer>& offer);
    void forget_others();

    const Parts parts_;
    // Of the control thread.
    bool under_way_ = false;
    std::uint64_t round_ = 0;
    stipend_unix_ns due_at_ = 0;
    std::size_t place_ = 0;  // of the next one to ask
    std::size_t asked_ = 0;  // whose answers did not come yet

    struct Entry {
        std::optional<Seen> seen = {};
        std::uint64_t round = 0;
    };
    mutable std::mutex mutex_;
    std::map<std::string, Entry, std::less<>> entries_;  // guarded by mutex_; of those that were active in the round
};

}  // namespace stipend::engine
