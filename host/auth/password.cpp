#include "host/auth/password.hpp"

#include <botan/base64.h>
#include <botan/pwdhash.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <vector>

#include "host/auth/crypto.hpp"

namespace stipend::auth {
namespace {

constexpr std::uint32_t max_memory_kib = 256 * 1024;
constexpr std::uint32_t max_passes = 10;
constexpr std::uint32_t max_lanes = 4;
constexpr std::uint64_t max_written_kib = std::uint64_t{1024} * 1024;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t tag_bytes = 32;
constexpr std::size_t max_salt_bytes = 64;
constexpr std::size_t max_tag_bytes = 64;
constexpr std::size_t max_stored_bytes = 256;

using Bytes = std::vector<std::uint8_t>;

struct Stored {
    PasswordCost cost;
    Bytes salt;
    Bytes tag;
};

bool within_bounds(const PasswordCost& cost) {
    return cost.passes >= 1 && cost.passes <= max_passes && cost.lanes >= 1 && cost.lanes <= max_lanes &&
           cost.memory_kib >= 8 * cost.lanes && cost.memory_kib <= max_memory_kib &&
           std::uint64_t{cost.memory_kib} * cost.passes <= max_written_kib;
}

bool is_password_length(std::size_t bytes) {
    return bytes >= min_password_bytes && bytes <= max_password_bytes;
}

// Removes `start` from the front of `text`.
bool take(std::string_view& text, std::string_view start) {
    if (!text.starts_with(start)) return false;
    text.remove_prefix(start.size());
    return true;
}

// Removes a decimal number without sign or leading zero from the front of `text`.
bool take_number(std::string_view& text, std::uint32_t& out) {
    if (text.empty() || text[0] < '1' || text[0] > '9') return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

// PHC strings have base64 in the usual alphabet, without padding.
std::string phc_base64(const Bytes& bytes) {
    auto out = Botan::base64_encode(bytes.data(), bytes.size());
    out.erase(std::find(out.begin(), out.end(), '='), out.end());
    return out;
}

std::optional<Bytes> read_phc_base64(std::string_view text) {
    if (text.find_first_of("-_") != std::string_view::npos) return std::nullopt;
    std::string other(text);
    std::replace(other.begin(), other.end(), '+', '-');
    std::replace(other.begin(), other.end(), '/', '_');
    const auto decoded = base64url_decode(other);
    if (!decoded) return std::nullopt;
    return Bytes(decoded->begin(), decoded->end());
}

std::optional<Stored> parse_stored(std::string_view text) {
    Stored out;
    if (text.size() > max_stored_bytes || !take(text, "$argon2id$v=19$m=") || !take_number(text, out.cost.memory_kib) ||
        !take(text, ",t=") || !take_number(text, out.cost.passes) || !take(text, ",p=") ||
        !take_number(text, out.cost.lanes) || !take(text, "$") || !within_bounds(out.cost)) {
        return std::nullopt;
    }
    const auto mark = text.find('$');
    if (mark == std::string_view::npos) return std::nullopt;
    auto salt = read_phc_base64(text.substr(0, mark));
    auto tag = read_phc_base64(text.substr(mark + 1));
    if (!salt || salt->size() < 8 || salt->size() > max_salt_bytes) return std::nullopt;
    if (!tag || tag->size() < 16 || tag->size() > max_tag_bytes) return std::nullopt;
    out.salt = std::move(*salt);
    out.tag = std::move(*tag);
    return out;
}

Result<Bytes> argon2id(std::string_view password, const Bytes& salt, std::size_t length, const PasswordCost& cost) {
    Bytes out(length);
    try {
        Botan::PasswordHashFamily::create_or_throw("Argon2id")
            ->from_params(cost.memory_kib, cost.passes, cost.lanes)
            ->derive_key(out.data(), out.size(), password.data(), password.size(), salt.data(), salt.size());
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "a password's hash: ", error.what());
    }
    return out;
}

}  // namespace

std::string_view name_of(PasswordCheck check) {
    switch (check) {
        case PasswordCheck::match:
            return "match";
        case PasswordCheck::mismatch:
            return "mismatch";
        case PasswordCheck::bad_record:
            return "bad_record";
        case PasswordCheck::failed:
            return "failed";
    }
    return "unknown";
}

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost) {
    if (!is_password_length(password.size())) {
        return fail(STIPEND_E_INVALID, "not a password: got ", password.size(), " bytes, want ", min_password_bytes,
                    " to ", max_password_bytes);
    }
    if (!within_bounds(cost)) {
        return fail(STIPEND_E_INVALID, "not a cost of passwords: got ", cost.memory_kib, " KiB, ", cost.passes,
                    " passes, ", cost.lanes, " lanes");
    }
    Bytes salt(salt_bytes);
    STIPEND_TRY(fill_random(salt));
    STIPEND_LET(tag, argon2id(password, salt, tag_bytes, cost));
    return cat("$argon2id$v=19$m=", cost.memory_kib, ",t=", cost.passes, ",p=", cost.lanes, "$", phc_base64(salt), "$",
               phc_base64(tag));
}

PasswordCheck verify_password(std::string_view password, std::optional<std::string_view> stored,
                              const PasswordCost& cost) {
    if (!is_password_length(password.size())) return PasswordCheck::mismatch;
    if (!stored) {
        if (!within_bounds(cost)) return PasswordCheck::bad_record;
        const auto unused = argon2id(password, Bytes(salt_bytes), tag_bytes, cost);
        return unused.ok() ? PasswordCheck::mismatch : PasswordCheck::failed;
    }
    const auto parsed = parse_stored(*stored);
    if (!parsed) return PasswordCheck::bad_record;
    const auto tag = argon2id(password, parsed->salt, parsed->tag.size(), parsed->cost);
    if (!tag) return PasswordCheck::failed;
    return equal_in_constant_time(*tag, parsed->tag) ? PasswordCheck::match : PasswordCheck::mismatch;
}

bool needs_rehash(std::string_view stored, const PasswordCost& cost) {
    const auto parsed = parse_stored(stored);
    return !parsed || parsed->cost != cost || parsed->salt.size() != salt_bytes || parsed->tag.size() != tag_bytes;
}

}  // namespace stipend::auth
