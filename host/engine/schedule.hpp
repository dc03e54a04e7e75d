// When each payee is due: a heap of (time, payee). An entry is taken out when it is due and put back when it is
// decided.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "host/registry/payee.hpp"

namespace stipend::engine {

class Schedule {
  public:
    struct Entry {
        std::int64_t at_ns;
        registry::PayeeIndex payee;
        friend auto operator<=>(const Entry&, const Entry&) = default;
    };

    void reserve(std::size_t count) { heap_.reserve(count); }
    void add(std::int64_t at_ns, registry::PayeeIndex payee) {
        heap_.push_back({at_ns, payee});
        std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    }
    [[nodiscard]] bool empty() const { return heap_.empty(); }
    [[nodiscard]] std::size_t size() const { return heap_.size(); }
    // The earliest time, or none.
    [[nodiscard]] std::optional<std::int64_t> next_ns() const {
        return heap_.empty() ? std::nullopt : std::optional(heap_.front().at_ns);
    }
    // Takes out the earliest where it is not after `now_ns`. Equal times come by payee, so that runs repeat exactly.
    std::optional<Entry> pop_due(std::int64_t now_ns) {
        if (heap_.empty() || heap_.front().at_ns > now_ns) return std::nullopt;
        std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
        const auto entry = heap_.back();
        heap_.pop_back();
        return entry;
    }
    // Gives each entry the time that `at_of` says.
    template <class AtOf>
    void move(AtOf&& at_of) {
        for (auto& entry : heap_) entry.at_ns = at_of(entry);
        std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
    }

  private:
    std::vector<Entry> heap_;
};

}  // namespace stipend::engine
