#include "tools/signer/key_file.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "ethereum/keystore.hpp"
#include "host/base/file.hpp"

namespace stipend::signer {
namespace {

constexpr mode_t owner_only = 0600;

Result<Fd> open_secret(const std::string& file, bool guarded) {
    if (!guarded) {
        STIPEND_LET(fd, open_private_file(file));
        if (!fd) return fail(STIPEND_E_CONFIG, "cannot read ", file, ": no such file");
        return std::move(fd);
    }
    Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return fail(STIPEND_E_CONFIG, "cannot read ", file, ": ", std::strerror(errno));
    return fd;
}

Result<FileSecret> read_passphrase(const Settings& settings) {
    if (!settings.passphrase_file.empty()) return FileSecret::read(settings.passphrase_file);
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): before any thread
    if (folder == nullptr) {
        return fail(STIPEND_E_CONFIG,
                    "passphrase_credential: CREDENTIALS_DIRECTORY is not set (systemd sets it where the ",
                    "unit has LoadCredential=)");
    }
    return FileSecret::read(cat(folder, "/", settings.passphrase_credential), true);
}

}  // namespace

Result<FileSecret> FileSecret::read(const std::string& file, bool guarded) {
    STIPEND_LET(fd, open_secret(file, guarded));
    STIPEND_LET(memory, ethereum::LockedMemory::create(max_passphrase_bytes + 2));
    std::size_t size = 0;
    while (size < memory.bytes().size()) {
        const auto got = ::read(fd.get(), memory.bytes().data() + size, memory.bytes().size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(STIPEND_E_CONFIG, "cannot read ", file, ": ", std::strerror(errno));
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > 0 && memory.bytes()[size - 1] == '\n') --size;
    if (size > 0 && memory.bytes()[size - 1] == '\r') --size;
    if (size == 0 || size > max_passphrase_bytes) {
        return fail(STIPEND_E_CONFIG, file, ": want a secret of 1 to ", max_passphrase_bytes, " bytes");
    }
    return FileSecret(std::move(memory), size);
}

Result<ethereum::PrivateKey> load_key(const Settings& settings) {
    STIPEND_LET(fd, open_private_file(settings.keystore));
    if (!fd) return fail(STIPEND_E_CONFIG, "keystore ", settings.keystore, ": no such file");
    STIPEND_LET(text, read_all(fd.get(), ethereum::max_keystore_bytes));
    STIPEND_LET(passphrase, read_passphrase(settings));
    auto key = ethereum::open_keystore(text, passphrase.view());
    if (!key) return std::move(key).error().in(settings.keystore);
    return key;
}

Result<ethereum::PrivateKey> import_key(const std::string& file) {
    STIPEND_LET(secret, FileSecret::read(file));
    auto digits = secret.view();
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    STIPEND_LET(memory, ethereum::LockedMemory::create(ethereum::PrivateKey::size));
    if (!hex_decode(digits, memory.bytes())) return fail(STIPEND_E_CONFIG, file, ": want a key of 64 hex digits");
    return ethereum::PrivateKey::from_bytes(memory.bytes().first<ethereum::PrivateKey::size>());
}

Result<void> store_key(const ethereum::PrivateKey& key, const std::string& file, const std::string& passphrase_file) {
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) {
        return fail(STIPEND_E_CONFLICT, file, ": a file is there; it was left alone");
    }
    STIPEND_LET(passphrase, FileSecret::read(passphrase_file));
    STIPEND_LET(text, ethereum::make_keystore(key, passphrase.view()));
    // What is stored opens again, before anything is paid to its address.
    STIPEND_LET(again, ethereum::open_keystore(text, passphrase.view()));
    STIPEND_ASSERT(again.address() == key.address());
    return write_file_atomically(file, text + "\n", owner_only);
}

}  // namespace stipend::signer
