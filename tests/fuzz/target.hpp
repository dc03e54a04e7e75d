// What every fuzz target uses: statements that must hold, and parts of an input.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// The target: libFuzzer calls it with inputs of its own, replay.cpp with those of the corpus.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

[[noreturn]] inline void broken(const char* what, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    std::abort();
}

// Takes an input apart from its beginning; what is missing at its end reads as zero, or as an empty text.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }
    // All that is left.
    [[nodiscard]] std::string_view rest() const { return rest_; }
    std::string_view text(std::size_t length) {
        const auto out = rest_.substr(0, length);
        rest_.remove_prefix(out.size());
        return out;
    }
    std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
    // Little-endian, of so many bytes.
    std::uint64_t number(std::size_t bytes) {
        std::uint64_t out = 0;
        unsigned shift = 0;
        for (const char c : text(std::min<std::size_t>(bytes, sizeof out))) {
            out |= std::uint64_t{static_cast<unsigned char>(c)} << shift;
            shift += 8;
        }
        return out;
    }
    // Up to the next `end`, which is left out. Corpora with lines can be read and edited.
    std::string_view until(char end) {
        const auto out = rest_.substr(0, rest_.find(end));
        rest_.remove_prefix(std::min(rest_.size(), out.size() + 1));
        return out;
    }
    std::string_view line() { return until('\n'); }

  private:
    std::string_view rest_;
};

}  // namespace fuzz

// Ends the process where `cond` does not hold, which libFuzzer and CTest count as a failure.
#define FUZZ_REQUIRE(cond) ((cond) ? static_cast<void>(0) : ::fuzz::broken(#cond, __FILE__, __LINE__))
