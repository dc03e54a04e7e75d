#include "host/receipt/key.hpp"

#include "host/base/file.hpp"
#include "stipend/hex.hpp"

namespace stipend::receipt {
namespace {

constexpr std::size_t most_key_bytes = 256;

std::span<std::uint8_t> bytes_of(std::string& text) {
    return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

Result<void> make(const std::filesystem::path& file, const std::filesystem::path& state_folder) {
    STIPEND_LET(key, ethereum::PrivateKey::generate());
    auto text = hex_encode(key.secret()) + "\n";
    const auto made = make_private_file(file, text, state_folder);  // not made: another process did meanwhile
    ethereum::wipe(bytes_of(text));
    return made ? Result<void>() : Result<void>(made.error());
}

Result<ethereum::PrivateKey> parse(const std::filesystem::path& file, std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    std::array<std::uint8_t, ethereum::PrivateKey::size> secret{};
    const bool is_key = hex_decode(text, secret);
    auto key = is_key ? ethereum::PrivateKey::from_bytes(secret)
                      : Result<ethereum::PrivateKey>(fail(STIPEND_E_CONFIG, "want ", 2 * secret.size(), " hex digits"));
    ethereum::wipe(secret);
    if (!key) {
        return fail(STIPEND_E_CONFIG, file.native(), ": not a key to sign receipts by: ", key.error().message);
    }
    return key;
}

}  // namespace

std::filesystem::path key_file(const std::filesystem::path& state_folder) {
    return state_folder / "receipt.key";
}

Result<Key> Key::open(const std::filesystem::path& state_folder) {
    const auto file = key_file(state_folder);
    STIPEND_LET(there, open_private_file(file));
    auto fd = std::move(there);
    if (!fd) {
        STIPEND_TRY(make(file, state_folder));
        STIPEND_SET(fd, open_private_file(file));
        if (!fd) return fail(STIPEND_E_UNAVAILABLE, "cannot read ", file.native(), ": it was removed meanwhile");
    }
    STIPEND_LET(text, read_all(fd.get(), most_key_bytes));
    auto key = parse(file, text);
    ethereum::wipe(bytes_of(text));
    if (!key) return key.error();
    return Key(std::move(key).value());
}

}  // namespace stipend::receipt
