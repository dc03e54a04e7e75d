#include "host/http/ssrf_guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "host/base/ip_address.hpp"

namespace stipend::http {
namespace {

using Bytes = std::span<const std::uint8_t>;

struct Range {
    std::array<std::uint8_t, 16> start;
    unsigned bits;
    std::string_view what;
};

constexpr std::array v4_ranges{
    Range{{127}, 8, "a loopback address"},
    Range{{169, 254, 169, 254}, 32, "a metadata service's address"},
    Range{{100, 100, 100, 200}, 32, "a metadata service's address"},
    Range{{169, 254}, 16, "a link-local address"},
    Range{{0}, 8, "an unspecified address"},
    Range{{224}, 4, "a multicast address"},
    Range{{240}, 4, "a reserved address"},
};
constexpr std::array v6_ranges{
    Range{{0xfe, 0x80}, 10, "a link-local address"},
    Range{{0xfe, 0xc0}, 10, "a site-local address"},
    Range{{0xff}, 8, "a multicast address"},
    Range{{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128, "a metadata service's address"},
};
struct Embedding {
    std::array<std::uint8_t, 16> start;
    unsigned bits;
    std::size_t at;  // offset of the IPv4 address
};
constexpr std::array v4_inside_v6{
    Embedding{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12},  // mapped
    Embedding{{0x00, 0x64, 0xff, 0x9b}, 96, 12},                    // NAT64
    Embedding{{0x20, 0x02}, 16, 2},                                 // 6to4
    Embedding{{}, 96, 12},                                          // compatible; :: and ::1 are checked before
};

std::string_view refusal_v4(Bytes address) {
    for (const auto& range : v4_ranges) {
        if (same_prefix(address, range.start, range.bits)) return range.what;
    }
    return {};
}

std::string_view refusal_v6(Bytes address) {
    if (std::all_of(address.begin(), address.end() - 1, [](std::uint8_t byte) { return byte == 0; })) {
        if (address.back() == 0) return "an unspecified address";
        if (address.back() == 1) return "a loopback address";
    }
    for (const auto& range : v6_ranges) {
        if (same_prefix(address, range.start, range.bits)) return range.what;
    }
    for (const auto& embedding : v4_inside_v6) {
        if (same_prefix(address, embedding.start, embedding.bits)) return refusal_v4(address.subspan(embedding.at, 4));
    }
    return {};
}

}  // namespace

std::string_view ssrf_refusal(const char* address) {
    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(AF_INET, address, bytes.data()) == 1) return refusal_v4(Bytes(bytes).first(4));
    if (::inet_pton(AF_INET6, address, bytes.data()) == 1) return refusal_v6(bytes);
    return "not an internet address";
}

}  // namespace stipend::http
