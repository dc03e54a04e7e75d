#include "host/base/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace stipend {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned mapped_bits = 96;

}  // namespace

bool same_prefix(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, unsigned bits) {
    const std::size_t whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) return false;
    if (bits % 8 == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits % 8));
    return ((a[whole] ^ b[whole]) & mask) == 0;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    // A NUL inside would end the text early.
    if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
    std::copy(text.begin(), text.end(), terminated.begin());
    IpAddress out;
    if (::inet_pton(AF_INET6, terminated.data(), out.bytes_.data()) == 1) return out;
    if (::inet_pton(AF_INET, terminated.data(), out.bytes_.data() + mapped_prefix.size()) != 1) return std::nullopt;
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), out.bytes_.begin());
    return out;
}

bool IpAddress::is_v4() const {
    return same_prefix(bytes_, mapped_prefix, mapped_bits);
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> out{};
    const bool v4 = is_v4();
    const auto* start = bytes_.data() + (v4 ? mapped_prefix.size() : 0);
    STIPEND_ASSERT(::inet_ntop(v4 ? AF_INET : AF_INET6, start, out.data(), out.size()) != nullptr);
    return out.data();
}

IpAddress IpAddress::network(unsigned bits) const {
    const unsigned total = is_v4() ? mapped_bits + bits : bits;
    IpAddress out;
    for (unsigned at = 0; at < out.bytes_.size() && at * 8 < total; ++at) {
        const unsigned left = std::min(8U, total - at * 8);
        out.bytes_[at] = static_cast<std::uint8_t>(bytes_[at] & (0xffU << (8 - left)));
    }
    return out;
}

Result<IpRange> IpRange::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    const auto refuse = [&](std::string_view want) {
        return fail(STIPEND_E_INVALID, "not a range of addresses: got \"", clip(text, 60), "\", want ", want);
    };
    if (!address) return refuse("an address and a prefix, as 10.0.0.0/8");
    // The prefix of a mapped address would count in the other family.
    if (address->is_v4() && text.find(':') != std::string_view::npos) return refuse("the IPv4 form of the address");
    const unsigned most = address->is_v4() ? 32 : 128;
    unsigned bits = most;
    if (slash != std::string_view::npos) {
        const auto digits = text.substr(slash + 1);
        const bool plain = !digits.empty() && digits.size() <= 3 && (digits[0] != '0' || digits.size() == 1) &&
                           std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (!plain) return refuse("a number of bits after the slash");
        bits = 0;
        for (const char c : digits) bits = bits * 10 + static_cast<unsigned>(c - '0');
        if (bits > most) return refuse(cat("at most ", most, " bits"));
    }
    const auto start = address->network(bits);
    if (start != *address) return refuse(cat(start.text(), "/", bits));
    return IpRange(start, bits);
}

bool IpRange::contains(const IpAddress& address) const {
    return address.is_v4() == start_.is_v4() && address.network(bits_) == start_;
}

}  // namespace stipend
