// Memory for a record that is handed to a plugin, between two pages that nothing may touch: an access outside of the
// record ends the process at once, and the report says which record it was.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "host/plugin/trial/report.hpp"

namespace stipend::plugin {

// At which end of the record the page lies that must not be touched; at the other end there may be a gap.
enum class Guard : std::uint8_t { behind, before };

class Guarded {
  public:
    // `name` names the record in messages and outlives this object. The memory is zero.
    Guarded(const char* name, std::size_t bytes, Guard guard);
    // `count` records, at least 1, with `stride` bytes from each to the next.
    Guarded(const char* name, std::size_t record_bytes, Guard guard, std::size_t stride, std::size_t count);
    ~Guarded();
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;

    [[nodiscard]] char* data() const { return data_; }
    template <class Record>
    [[nodiscard]] Record* as() const {
        return reinterpret_cast<Record*>(data_);
    }

  private:
    std::size_t slot_ = 0;
    char* data_ = nullptr;
};

// A record of its own, with its size set.
template <class Record>
class GuardedRecord {
  public:
    GuardedRecord(const char* name, Guard guard, const Record& value) : memory_(name, sizeof(Record), guard) {
        std::memcpy(memory_.data(), &value, sizeof value);
    }
    [[nodiscard]] Record* get() const { return memory_.template as<Record>(); }

  private:
    Guarded memory_;
};

// A text that ends where its memory ends, since texts of the ABI have no NUL.
class GuardedText {
  public:
    GuardedText(const char* name, std::string_view text, Guard guard)
        : memory_(name, text.size(), guard), size_(text.size()) {
        std::memcpy(memory_.data(), text.data(), text.size());
    }
    [[nodiscard]] std::string_view get() const { return {memory_.data(), size_}; }

  private:
    Guarded memory_;
    std::size_t size_;
};

// From now on an access to a guarding page is written to `report.reach` before the process ends by its signal.
void watch_guards(Report& report);

}  // namespace stipend::plugin
