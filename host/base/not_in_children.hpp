// Descriptors that a forked process must not have, such as a listening socket: FD_CLOEXEC helps only against exec, and
// a library may fork and go on.
#pragma once

#include <utility>

namespace stipend {

// While one lives, each process that is forked from this one closes `fd` at its begin. It ends before `fd` is closed,
// since the number may be another file's then.
class NotInChildren {
  public:
    NotInChildren() = default;
    explicit NotInChildren(int fd);
    NotInChildren(NotInChildren&& other) noexcept : slot_(std::exchange(other.slot_, none)) {}
    NotInChildren& operator=(NotInChildren&& other) noexcept {
        std::swap(slot_, other.slot_);
        return *this;
    }
    NotInChildren(const NotInChildren&) = delete;
    NotInChildren& operator=(const NotInChildren&) = delete;
    ~NotInChildren() { end(); }
    void end();

  private:
    static constexpr int none = -1;
    int slot_ = none;
};

}  // namespace stipend
