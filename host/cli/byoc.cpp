#include <fmt/format.h>

#include <filesystem>

#include "host/base/file.hpp"
#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/http/certificate.hpp"

namespace stipend::cli {
namespace {

constexpr std::uint32_t timeout_ms = 10'000;
constexpr mode_t owner_only = 0600;

// The line for the configuration; a value in a file is named with its whole path, since the file is read from
// elsewhere.
std::string config_line(const std::string& sha256, const std::filesystem::path& file) {
    return file.empty() ? cat("pin_sha256: ", sha256) : cat("pin_sha256: ${file:", file.native(), "}");
}

}  // namespace

int byoc_pin(const PinOptions& options) {
    const auto found = http::fetch_certificate(options.url, timeout_ms);
    if (!found) return print_error(found.error());
    std::filesystem::path file;
    if (!options.store.empty()) {
        std::error_code error;
        file = std::filesystem::absolute(options.store, error);
        if (error) return print_error(fail(STIPEND_E_INVALID, options.store, ": ", error.message()));
        if (auto kept = write_file_atomically(file, found->sha256 + "\n", owner_only); !kept) {
            return print_error(kept.error());
        }
    }
    const auto line = config_line(found->sha256, file);
    if (options.common.json) {
        Json out = Json::object();
        out.append("url", options.url);
        out.append("sha256", found->sha256);
        out.append("subject", found->subject);
        out.append("issuer", found->issuer);
        out.append("not_after", utc_text(found->not_after));
        out.append("config", line);
        fmt::print("{}\n", out.dump());
        return exit_good;
    }
    fmt::print("{}\n  sha256     {}\n  subject    {}\n  issuer     {}\n  not after  {}\n\n", options.url, found->sha256,
               found->subject, found->issuer, utc_text(found->not_after));
    fmt::print(
        "The server that answered now is the one that would be trusted: compare the fingerprint with its own file.\n");
    fmt::print("For the configuration of the worker:\n  {}\n", line);
    return exit_good;
}

}  // namespace stipend::cli
