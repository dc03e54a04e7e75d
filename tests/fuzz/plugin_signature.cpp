// The signature beside a plugin's file, and texts of keys. A signature that is taken is one of these bytes by this key,
// and of no other bytes; a key that is read is written as the same text.
#include <vector>

#include "host/plugin/minisign.hpp"
#include "tests/fuzz/target.hpp"

using namespace stipend;
using namespace stipend::plugin;

namespace {

constexpr std::string_view key_text = "RWQweGmjaIixyyTeipabxgqf6DYljkjej6FZcQnueRqYJkddgSb/bv70";

std::span<const std::uint8_t> octets(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const std::vector keys{*parse_trusted_key(key_text)};
    if (const auto by = check_signature(octets("a plugin"), text, keys)) {
        FUZZ_REQUIRE(by->key == keys.front());
        FUZZ_REQUIRE(!check_signature(octets("another one"), text, keys));
    }
    if (const auto key = parse_trusted_key(text)) FUZZ_REQUIRE(*parse_trusted_key(key->text()) == *key);
    if (const auto secret = parse_secret_key(text)) {
        const auto again = parse_secret_key(secret_key_file(*secret));
        FUZZ_REQUIRE(again && again->pair == secret->pair && again->seed == secret->seed);
    }
    return 0;
}
