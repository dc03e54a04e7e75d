// A time, or none, in the size of a time: a member of what there is for each orchestrator.
#pragma once

#include <cstdint>

#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::engine {

class OptionalTime {
  public:
    OptionalTime() = default;
    OptionalTime& operator=(stipend_unix_ns at) {
        STIPEND_ASSERT(at != none);
        at_ = at;
        return *this;
    }
    [[nodiscard]] bool has_value() const { return at_ != none; }
    explicit operator bool() const { return has_value(); }
    // There is one.
    [[nodiscard]] stipend_unix_ns operator*() const { return at_; }
    void reset() { at_ = none; }

  private:
    static constexpr stipend_unix_ns none = INT64_MIN;  // the year 1677
    stipend_unix_ns at_ = none;
};

}  // namespace stipend::engine
