// The `stipend_host` that a plugin instance holds. Slots are never freed, only used again, so that a plugin which calls
// after its end reaches a live object that knows nothing of it any more, and not freed memory.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "stipend/abi/host.h"

namespace stipend::plugin {

class Instance;

class HostSlot {
  public:
    using GetInterface = const void* (*)(const stipend_host*, const char* id);

    explicit HostSlot(GetInterface get_interface);
    // A free slot, now of `instance`; `get_interface` is the same in every call. [control]
    static std::shared_ptr<HostSlot> take(const std::shared_ptr<Instance>& instance, GetInterface get_interface);
    // [control]
    static void give_back(const std::shared_ptr<HostSlot>& slot);
    // The same for an instance that still runs: the slot is not used again.
    static void give_back_late(const std::shared_ptr<HostSlot>& slot);

    [[nodiscard]] const stipend_host* raw() const { return &raw_; }
    // The instance behind `raw`, or none when it is over, or where `raw` is NULL. [any]
    static std::shared_ptr<Instance> instance_of(const stipend_host* raw);
    // Whether `raw` was handed to an instance at some time. [any]
    static bool known(const stipend_host* raw);
    // All instances that are not over. [any]
    static std::vector<std::shared_ptr<Instance>> instances();

  private:
    stipend_host raw_;
    std::mutex mutex_;
    std::weak_ptr<Instance> instance_;  // guarded by mutex_
};

}  // namespace stipend::plugin
