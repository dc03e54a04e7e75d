#include "ethereum/locked_memory.hpp"

#include <botan/mem_ops.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace stipend::ethereum {

Result<LockedMemory> LockedMemory::create(std::size_t size) {
    void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) return fail(STIPEND_E_INTERNAL, "no memory for a key: ", std::strerror(errno));
    const bool locked = ::mlock(data, size) == 0;
    // Older kernels may know one of these less; the memory is locked and wiped without them.
    (void)::madvise(data, size, MADV_DONTDUMP);
    (void)::madvise(data, size, MADV_DONTFORK);
    return LockedMemory(static_cast<std::uint8_t*>(data), size, locked);
}

void LockedMemory::release() noexcept {
    if (data_ == nullptr) return;
    wipe(bytes());
    ::munmap(data_, size_);
}

void wipe(std::span<std::uint8_t> bytes) {
    if (!bytes.empty()) Botan::secure_scrub_memory(bytes.data(), bytes.size());
}

}  // namespace stipend::ethereum
