#include "host/http/ssrf_guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "host/base/ip_address.hpp"
#include "stipend/ascii.hpp"
#include "stipend/url.hpp"

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
// Beyond those above, what is not the public internet.
constexpr std::array v4_inner_ranges{
    Range{{10}, 8, "a private network"},
    Range{{172, 16}, 12, "a private network"},
    Range{{192, 168}, 16, "a private network"},
    Range{{100, 64}, 10, "a shared network"},
    Range{{192, 0, 0}, 24, "a reserved address"},
    Range{{192, 0, 2}, 24, "a reserved address"},
    Range{{192, 88, 99}, 24, "a reserved address"},
    Range{{198, 18}, 15, "a reserved address"},
    Range{{198, 51, 100}, 24, "a reserved address"},
    Range{{203, 0, 113}, 24, "a reserved address"},
};
constexpr std::array v6_inner_ranges{
    Range{{0xfc}, 7, "a private network"},
    Range{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "a private network"},  // translated within a network (RFC 8215)
    Range{{0x01, 0x00}, 64, "a reserved address"},
    Range{{0x20, 0x01, 0, 0}, 32, "a tunnel"},  // Teredo, with an IPv4 address that is masked
    Range{{0x20, 0x01, 0x0d, 0xb8}, 32, "a reserved address"},
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

namespace {

template <class Ranges>
std::string_view within(const Ranges& ranges, Bytes address) {
    for (const auto& range : ranges) {
        if (same_prefix(address, range.start, range.bits)) return range.what;
    }
    return {};
}

std::string_view inner_v6(Bytes address) {
    for (const auto& embedding : v4_inside_v6) {
        if (same_prefix(address, embedding.start, embedding.bits)) {
            return within(v4_inner_ranges, address.subspan(embedding.at, 4));
        }
    }
    return within(v6_inner_ranges, address);
}

}  // namespace

std::string_view public_refusal(const char* address, std::span<const IpRange> allowed) {
    const auto parsed = IpAddress::parse(address);
    if (!parsed) return "not an internet address";
    if (std::any_of(allowed.begin(), allowed.end(), [&](const IpRange& range) { return range.contains(*parsed); })) {
        return {};
    }
    if (const auto why = ssrf_refusal(address); !why.empty()) return why;
    return inner_v6(parsed->bytes());  // of an IPv4 address, its mapped form
}

std::string_view url_refusal(std::string_view url, std::span<const IpRange> allowed) {
    const auto parts = split_url(url);
    if (!parts) return "no URL";
    auto host = ascii::to_lower(parts->host);
    if (host.starts_with('[') && host.ends_with(']'))
        return public_refusal(host.substr(1, host.size() - 2).c_str(), allowed);
    while (host.ends_with('.')) host.pop_back();
    if (host.empty()) return "no host";
    in_addr numeric{};
    // Takes all that clients take: parts in decimal, octal and hex, one to four of them.
    if (::inet_aton(host.c_str(), &numeric) == 1) {
        std::array<char, INET_ADDRSTRLEN> text{};
        if (::inet_ntop(AF_INET, &numeric, text.data(), text.size()) == nullptr) return "not an internet address";
        return public_refusal(text.data(), allowed);
    }
    const bool local = host == "localhost" || host.ends_with(".localhost");
    return local ? public_refusal("127.0.0.1", allowed) : std::string_view();
}

std::string_view ssrf_refusal(const char* address) {
    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(AF_INET, address, bytes.data()) == 1) return refusal_v4(Bytes(bytes).first(4));
    if (::inet_pton(AF_INET6, address, bytes.data()) == 1) return refusal_v6(bytes);
    return "not an internet address";
}

}  // namespace stipend::http
