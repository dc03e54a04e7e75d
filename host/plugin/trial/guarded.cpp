#include "host/plugin/trial/guarded.hpp"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "stipend/result.hpp"

namespace stipend::plugin {
namespace {

struct Range {
    const char* name;
    char* map;
    std::size_t map_bytes;
    char* data;
    std::size_t bytes;   // of one record
    std::size_t stride;  // from one record to the next
    std::size_t count;

    // The place of `at` in the record that is nearest to it: of a batch, the one that begins before it.
    [[nodiscard]] std::ptrdiff_t place_of(const char* at) const {
        const auto offset = at - data;
        if (offset < 0 || stride == 0) return offset;
        return offset -
               static_cast<std::ptrdiff_t>(std::min(static_cast<std::size_t>(offset) / stride, count - 1) * stride);
    }
};

// Read by a signal handler, on the one thread that calls the plugin.
std::array<Range, 32> ranges{};
Report* report_of_handler = nullptr;

// Writes to a fixed field piece by piece, as a signal handler may.
class Field {
  public:
    Field(char* at, std::size_t bytes) : at_(at), end_(at + bytes - 1) {}
    Field& text(const char* from) {
        while (*from != '\0' && at_ != end_) *at_++ = *from++;
        *at_ = '\0';
        return *this;
    }
    Field& number(long value) {
        char digits[24];
        char* at = digits + sizeof digits;
        *--at = '\0';
        const bool negative = value < 0;
        auto rest = negative ? 0UL - static_cast<unsigned long>(value) : static_cast<unsigned long>(value);
        do {
            *--at = static_cast<char>('0' + rest % 10);
            rest /= 10;
        } while (rest != 0);
        if (negative) *--at = '-';
        return text(at);
    }

  private:
    char* at_;
    char* end_;
};

const char* kind_of(const void* context) {
#if defined(__x86_64__)
    const auto* machine = static_cast<const ucontext_t*>(context);
    return (machine->uc_mcontext.gregs[REG_ERR] & 2) != 0 ? "a write" : "a read";
#else
    static_cast<void>(context);
    return "an access";
#endif
}

void on_fault(int number, siginfo_t* info, void* context) {
    const auto* at = static_cast<const char*>(info->si_addr);
    for (const auto& range : ranges) {
        if (range.map == nullptr || at < range.map || at >= range.map + range.map_bytes) continue;
        Field(report_of_handler->reach, sizeof report_of_handler->reach)
            .text(kind_of(context))
            .text(" at byte ")
            .number(range.place_of(at))
            .text(" of ")
            .text(range.name)
            .text(", which has ")
            .number(static_cast<long>(range.bytes))
            .text(" bytes");
        break;
    }
    // SA_RESETHAND: it ends the process now, be it an access or a signal that the plugin raised.
    ::raise(number);
}

}  // namespace

Guarded::Guarded(const char* name, std::size_t bytes, Guard guard) : Guarded(name, bytes, guard, 0, 1) {}

Guarded::Guarded(const char* name, std::size_t record_bytes, Guard guard, std::size_t stride, std::size_t count) {
    const auto bytes = stride * (count - 1) + record_bytes;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const auto inside = (bytes + page - 1) / page * page + (bytes == 0 ? page : 0);
    void* memory = ::mmap(nullptr, inside + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    while (slot_ < ranges.size() && ranges[slot_].map != nullptr) ++slot_;
    if (memory == MAP_FAILED || slot_ == ranges.size()) std::abort();  // the supervisor names the call
    auto* map = static_cast<char*>(memory);
    if (::mprotect(map + page, inside, PROT_READ | PROT_WRITE) != 0) std::abort();
    data_ = guard == Guard::before ? map + page : map + page + inside - bytes;
    ranges[slot_] = {name, map, inside + 2 * page, data_, record_bytes, stride, count};
}

Guarded::~Guarded() {
    auto& range = ranges[slot_];
    ::munmap(range.map, range.map_bytes);
    range.map = nullptr;
}

void watch_guards(Report& report) {
    report_of_handler = &report;
    static std::array<char, 64 << 10> stack;
    const stack_t other{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
    ::sigaltstack(&other, nullptr);
    struct sigaction action {};
    action.sa_sigaction = &on_fault;
    action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND);
    ::sigaction(SIGSEGV, &action, nullptr);
}

}  // namespace stipend::plugin
