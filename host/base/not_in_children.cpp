#include "host/base/not_in_children.hpp"

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>

namespace stipend {
namespace {

// Read by a handler of fork, which may neither lock nor allocate. One more than 0, so that 0 is none.
std::array<std::atomic<int>, 256> descriptors{};

void close_in_child() {
    for (auto& descriptor : descriptors) {
        if (const int kept = descriptor.exchange(0); kept != 0) ::close(kept - 1);
    }
}

}  // namespace

NotInChildren::NotInChildren(int fd) {
    static const int registered = ::pthread_atfork(nullptr, nullptr, &close_in_child);
    if (registered != 0 || fd < 0) return;
    for (std::size_t at = 0; at < descriptors.size(); ++at) {
        int free = 0;
        if (!descriptors[at].compare_exchange_strong(free, fd + 1)) continue;
        slot_ = static_cast<int>(at);
        return;
    }
}

void NotInChildren::end() {
    if (const int slot = std::exchange(slot_, none); slot != none) descriptors[static_cast<std::size_t>(slot)] = 0;
}

}  // namespace stipend
