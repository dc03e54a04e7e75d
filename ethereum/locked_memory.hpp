// Memory for a key: in no swap, in no core dump, in no child, and overwritten when it is given back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "stipend/result.hpp"

namespace stipend::ethereum {

// Pages of its own, filled with zeros. Moved, never copied.
class LockedMemory {
  public:
    // INTERNAL: the system has no memory. That it cannot be locked (RLIMIT_MEMLOCK) is no error, see `locked`.
    [[nodiscard]] static Result<LockedMemory> create(std::size_t size);
    ~LockedMemory() { release(); }
    LockedMemory(LockedMemory&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(other.size_), locked_(other.locked_) {}
    LockedMemory& operator=(LockedMemory&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(locked_, other.locked_);
        return *this;
    }
    LockedMemory(const LockedMemory&) = delete;
    LockedMemory& operator=(const LockedMemory&) = delete;

    [[nodiscard]] std::span<std::uint8_t> bytes() { return {data_, size_}; }
    [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {data_, size_}; }
    // False where it may be written to swap.
    [[nodiscard]] bool locked() const { return locked_; }

  private:
    LockedMemory(std::uint8_t* data, std::size_t size, bool locked) : data_(data), size_(size), locked_(locked) {}
    void release() noexcept;

    std::uint8_t* data_;
    std::size_t size_;
    bool locked_;
};

// Overwrites bytes in a way that the compiler does not remove.
void wipe(std::span<std::uint8_t> bytes);

}  // namespace stipend::ethereum
