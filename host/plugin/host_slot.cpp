#include "host/plugin/host_slot.hpp"

#include <vector>

#include "stipend/abi/entry.h"
#include "stipend/version.h"

namespace stipend::plugin {
namespace {

std::mutex free_mutex;
std::vector<std::shared_ptr<HostSlot>>& free_slots() {
    static auto* slots = new std::vector<std::shared_ptr<HostSlot>>();  // outlives every plugin
    return *slots;
}

}  // namespace

HostSlot::HostSlot(GetInterface get_interface)
    : raw_{sizeof(stipend_host), STIPEND_ABI_MINOR, this, "stipend", STIPEND_VERSION, get_interface} {}

std::shared_ptr<HostSlot> HostSlot::take(const std::shared_ptr<Instance>& instance, GetInterface get_interface) {
    std::shared_ptr<HostSlot> slot;
    {
        const std::lock_guard lock(free_mutex);
        if (!free_slots().empty()) {
            slot = std::move(free_slots().back());
            free_slots().pop_back();
        }
    }
    if (!slot) slot = std::make_shared<HostSlot>(get_interface);
    const std::lock_guard lock(slot->mutex_);
    slot->instance_ = instance;
    return slot;
}

void HostSlot::give_back(const std::shared_ptr<HostSlot>& slot) {
    {
        const std::lock_guard lock(slot->mutex_);
        slot->instance_.reset();
    }
    const std::lock_guard lock(free_mutex);
    free_slots().push_back(slot);
}

std::shared_ptr<Instance> HostSlot::instance_of(const stipend_host* raw) {
    auto* slot = static_cast<HostSlot*>(raw->host_data);
    const std::lock_guard lock(slot->mutex_);
    return slot->instance_.lock();
}

}  // namespace stipend::plugin
