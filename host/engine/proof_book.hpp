// When orchestrators that registered proved last that they are there. Of this run: what a host did not take, it holds
// against none. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "stipend/abi/types.h"

namespace stipend::engine {

class ProofBook {
  public:
    enum class Standing { good, unheard, overdue };

    // The ids whose proofs count from now on; one that is new among them has as long as between two proofs.
    void expect(const std::set<std::string>& ids, stipend_unix_ns now);
    // Nothing for an id that is not expected, here and below.
    void proven(std::string_view id, stipend_unix_ns now);
    // One came, and this host could not check it: `unheard` from now on, as after a start.
    void not_checked(std::string_view id, stipend_unix_ns now);
    // `unheard`: none came, and it is not late yet. `overdue` for an id that is not expected.
    [[nodiscard]] Standing standing(std::string_view id, std::int64_t patience_ns, stipend_unix_ns now) const;
    [[nodiscard]] stipend_unix_ns last(std::string_view id) const;  // 0: none

  private:
    struct Entry {
        stipend_unix_ns since = 0;
        stipend_unix_ns last = 0;  // 0: none
    };
    mutable std::mutex mutex_;
    std::map<std::string, Entry, std::less<>> entries_;  // guarded by mutex_
};

}  // namespace stipend::engine
