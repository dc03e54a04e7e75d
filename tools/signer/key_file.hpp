// The payer's keystore and its passphrase, as files. A passphrase is never an argument and never in the environment.
#pragma once

#include <string>
#include <string_view>

#include "ethereum/key.hpp"
#include "tools/signer/settings.hpp"

namespace stipend::signer {

inline constexpr std::size_t max_passphrase_bytes = 1024;

// A short secret of a file, in locked memory, without one line end at its end.
class FileSecret {
  public:
    // CONFIG: no file, empty, longer than max_passphrase_bytes, or others may read it (which `guarded` says that its
    // folder prevents).
    [[nodiscard]] static Result<FileSecret> read(const std::string& file, bool guarded = false);
    [[nodiscard]] std::string_view view() const {
        return {reinterpret_cast<const char*>(memory_.bytes().data()), size_};
    }

  private:
    FileSecret(ethereum::LockedMemory memory, std::size_t size) : memory_(std::move(memory)), size_(size) {}
    ethereum::LockedMemory memory_;
    std::size_t size_;
};

// The key of the settings' keystore, by the passphrase of the settings' file or credential. CONFIG: it does not open.
[[nodiscard]] Result<ethereum::PrivateKey> load_key(const Settings& settings);

// A key that the system's random numbers make, or that a private file has in hex.
[[nodiscard]] Result<ethereum::PrivateKey> import_key(const std::string& file);
// Writes a keystore, readable by its owner only. CONFLICT: a file is there; it is unchanged.
[[nodiscard]] Result<void> store_key(const ethereum::PrivateKey& key, const std::string& file,
                                     const std::string& passphrase_file);

}  // namespace stipend::signer
