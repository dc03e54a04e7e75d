#include "host/plugin/calls.hpp"

#include <link.h>
#include <time.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <set>

#include "host/plugin/thread_mask.hpp"

namespace stipend::plugin {
namespace {

// A value that one thread writes. Other threads see the values of one writer in the order of its writes, which is all
// that they need; a total order with those of other writers would cost a fence for each.
template <class T>
class Published {
  public:
    void operator=(T value) { value_.store(value, std::memory_order_release); }
    operator T() const {  // NOLINT(google-explicit-constructor): as of std::atomic
        return value_.load(std::memory_order_acquire);
    }

  private:
    std::atomic<T> value_{};
};

// What a thread is in. Written by that thread alone.
struct Place {
    Published<const CallOwner*> owner;
    Published<const char*> call;
    Published<stipend_mono_ns> began;
    Published<std::uint64_t> number;
    bool free = false;  // guarded by places_mutex
};

std::mutex places_mutex;
std::vector<std::unique_ptr<Place>>& places() {
    static auto& all = *new std::vector<std::unique_ptr<Place>>();  // outlives every thread
    return all;
}

std::atomic<void (*)()> prepare_thread = nullptr;

// A thread's place, given back when the thread ends.
class Mine {
  public:
    Mine() {
        const std::lock_guard lock(places_mutex);
        for (const auto& one : places()) {
            if (std::exchange(one->free, false)) {
                place_ = one.get();
                return;
            }
        }
        place_ = places().emplace_back(std::make_unique<Place>()).get();
    }
    ~Mine() {
        const std::lock_guard lock(places_mutex);
        place_->free = true;
    }
    Mine(const Mine&) = delete;
    Mine& operator=(const Mine&) = delete;
    [[nodiscard]] Place* place() const { return place_; }

  private:
    Place* place_ = nullptr;
};

thread_local Place* my_place = nullptr;  // a plain pointer: a signal handler reads it

Place& place_of_this_thread() {
    if (my_place == nullptr) {
        thread_local const Mine mine;
        my_place = mine.place();
        if (auto* prepare = prepare_thread.load()) prepare();
        call_begins_on_thread();
    }
    return *my_place;
}

struct MappedLibrary {
    std::atomic<std::uintptr_t> from = 0, to = 0;
    std::atomic<const CallOwner*> owner = nullptr;
    const stipend_entry* entry = nullptr;  // guarded by libraries_mutex
};
std::mutex libraries_mutex;
std::array<MappedLibrary, 1024> libraries;  // those beyond are not named by their addresses
std::atomic<std::size_t> library_count = 0;
std::atomic<std::uint64_t> generation = 0;

struct Addresses {
    std::uintptr_t inside = 0, from = 0, to = 0;
};

// The addresses of the object that holds `range.inside`.
int find_range(dl_phdr_info* info, std::size_t, void* user) {
    auto& range = *static_cast<Addresses*>(user);
    std::uintptr_t from = UINTPTR_MAX, to = 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto& header = info->dlpi_phdr[i];
        if (header.p_type != PT_LOAD) continue;
        from = std::min<std::uintptr_t>(from, info->dlpi_addr + header.p_vaddr);
        to = std::max<std::uintptr_t>(to, info->dlpi_addr + header.p_vaddr + header.p_memsz);
    }
    if (range.inside < from || range.inside >= to) return 0;
    range.from = from;
    range.to = to;
    return 1;
}

}  // namespace

void note_library(const stipend_entry& entry, const std::filesystem::path& shown_as, const std::string& sha256,
                  const std::string& plugins) {
    const std::lock_guard lock(libraries_mutex);
    const auto at = library_count.load();
    if (at >= libraries.size()) return;
    Addresses range{.inside = reinterpret_cast<std::uintptr_t>(&entry)};
    if (::dl_iterate_phdr(&find_range, &range) == 0) return;
    auto& one = libraries[at];
    one.entry = &entry;
    one.owner = new CallOwner{"", plugins, shown_as.native(), sha256};
    one.from = range.from;
    one.to = range.to;
    library_count = at + 1;
}

const CallOwner& make_call_owner(const stipend_entry& entry, const std::filesystem::path& shown_as,
                                 std::string instance, std::string plugin) {
    static auto& all = *new std::set<CallOwner>();  // outlives every thread
    const std::lock_guard lock(libraries_mutex);
    std::string sha256;
    for (std::size_t at = 0; at < library_count; ++at) {
        if (libraries[at].entry == &entry) sha256 = libraries[at].owner.load()->sha256;
    }
    return *all.insert({std::move(instance), std::move(plugin), shown_as.native(), std::move(sha256)}).first;
}

void note_generation(std::uint64_t number) {
    generation = number;
}
std::uint64_t noted_generation() noexcept {
    return generation;
}

stipend_mono_ns call_clock() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<stipend_mono_ns>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

CallScope::CallScope(const CallOwner* owner, const char* call) {
    auto& place = place_of_this_thread();
    outer_owner_ = place.owner;
    outer_call_ = place.call;
    outer_began_ = place.began;
    place.owner = nullptr;  // no reader takes parts of two calls for one
    place.call = call;
    place.began = call_clock();
    place.number = place.number + 1;
    place.owner = owner;
}

CallScope::~CallScope() {
    auto& place = *my_place;
    if (outer_owner_ == nullptr) call_ends_on_thread(place.owner);
    place.owner = nullptr;
    place.call = outer_call_;
    place.began = outer_began_;
    place.number = place.number + 1;
    place.owner = outer_owner_;
}

std::vector<RunningCall> running_calls() {
    std::vector<RunningCall> out;
    const std::lock_guard lock(places_mutex);
    for (const auto& place : places()) {
        const std::uint64_t number = place->number;
        const RunningCall seen{place->owner, place->call, place->began, reinterpret_cast<std::uintptr_t>(place.get()),
                               number};
        // What changed meanwhile is a call that just began or ended.
        if (seen.owner != nullptr && place->owner == seen.owner && place->number == number) out.push_back(seen);
    }
    return out;
}

RunningCall call_of_this_thread() noexcept {
    const auto* place = my_place;
    if (place == nullptr) return {};
    return {place->owner, place->call, place->began, reinterpret_cast<std::uintptr_t>(place), place->number};
}

const CallOwner* library_at(std::uintptr_t address) noexcept {
    for (std::size_t at = 0; at < library_count; ++at) {
        if (address >= libraries[at].from && address < libraries[at].to) return libraries[at].owner;
    }
    return nullptr;
}

void on_first_call(void (*prepare)()) {
    prepare_thread = prepare;
}

}  // namespace stipend::plugin
