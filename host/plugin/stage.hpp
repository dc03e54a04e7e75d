// A private copy of an operator's file, named by its bytes. The operator's own file is never mapped: overwriting a
// mapped file ends the process, and a name that was loaded before brings the old code back.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "host/plugin/minisign.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

inline constexpr std::uintmax_t max_library_bytes = 256u << 20;

struct Staged {
    std::filesystem::path source;  // the operator's file
    std::filesystem::path copy;    // <folder>/<name of the file>/<sha256>.so
    std::string sha256;            // hex, lower case
    std::string signed_by = {};    // the id of the trusted key; empty: no signature was wanted
};

// The signature that belongs to a plugin's file, or to a copy of it.
[[nodiscard]] std::filesystem::path signature_of(const std::filesystem::path& file);
struct Trusted {
    std::string key_id;     // both empty: no key is given, so that no signature is wanted
    std::string signature;  // the text of its file
};
// Checks that one of the keys `trust` signed `bytes`, by the signature beside `file`. UNAVAILABLE: there is none, or it
// cannot be read. CONFIG, CONFLICT: as check_signature.
[[nodiscard]] Result<Trusted> check_trust(const std::filesystem::path& file, std::string_view bytes,
                                          std::span<const TrustedKey> trust);

// Copies `source` into `folder`, or finds the copy that is there already. `pin`: the wanted SHA-256, or empty.
// `trust`: keys, one of which must have signed it; where there are any, the signature is copied too.
// Refused: what is no regular file; a library for another machine; a file, or the folder it lies in, that others than
// its owner may write; other bytes than the pin; a staging folder on a filesystem mounted noexec.
Result<Staged> stage(const std::filesystem::path& source, const std::filesystem::path& folder, std::string_view pin,
                     std::span<const TrustedKey> trust = {});

// Whether `folder`, or where it does not exist the nearest folder above it, is on a filesystem that may hold code.
// Changes nothing.
Result<void> check_staging(const std::filesystem::path& folder);

}  // namespace stipend::plugin
