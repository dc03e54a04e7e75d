#include "host/plugin/host_slot.hpp"

#include <map>
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
std::map<const stipend_host*, std::shared_ptr<HostSlot>>& all_slots() {
    static auto* slots = new std::map<const stipend_host*, std::shared_ptr<HostSlot>>();  // outlives every plugin
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
    if (!slot) {
        slot = std::make_shared<HostSlot>(get_interface);
        const std::lock_guard lock(free_mutex);
        all_slots().emplace(slot->raw(), slot);
    }
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

void HostSlot::give_back_late(const std::shared_ptr<HostSlot>& slot) {
    const std::lock_guard lock(slot->mutex_);
    slot->instance_.reset();
}

std::shared_ptr<Instance> HostSlot::instance_of(const stipend_host* raw) {
    if (raw == nullptr) return nullptr;
    auto* slot = static_cast<HostSlot*>(raw->host_data);
    const std::lock_guard lock(slot->mutex_);
    return slot->instance_.lock();
}

bool HostSlot::known(const stipend_host* raw) {
    const std::lock_guard lock(free_mutex);
    return all_slots().contains(raw);
}

std::vector<std::shared_ptr<Instance>> HostSlot::instances() {
    std::vector<std::shared_ptr<Instance>> out;
    const std::lock_guard lock(free_mutex);
    for (const auto& [raw, slot] : all_slots()) {
        const std::lock_guard own(slot->mutex_);
        if (auto instance = slot->instance_.lock()) out.push_back(std::move(instance));
    }
    return out;
}

}  // namespace stipend::plugin
