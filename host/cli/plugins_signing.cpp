#include "host/cli/plugins_signing.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "host/base/file.hpp"
#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/plugin/stage.hpp"

namespace stipend::cli {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t max_key_file_bytes = 4096;

std::span<const std::uint8_t> octets(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// "night-rate" is one of the plugin folder, as in the configuration; anything with a slash or a suffix is a path.
fs::path file_of(const config::Settings& settings, const std::string& name) {
    if (name.ends_with(".so") || name.find('/') != std::string::npos) return name;
    return loader_options(settings).folder / (name + ".so");
}

Result<std::string> read_plugin(const fs::path& file) {
    return read_file(file, plugin::max_library_bytes);
}

Result<std::vector<plugin::TrustedKey>> keys_of(const std::vector<std::string>& texts) {
    std::vector<plugin::TrustedKey> out;
    for (const auto& text : texts) {
        STIPEND_LET(key, plugin::parse_trusted_key(text));
        out.push_back(key);
    }
    return out;
}

Result<void> write_new(const fs::path& file, std::string_view text, mode_t mode) {
    std::error_code none;
    if (fs::exists(fs::symlink_status(file, none))) {
        return fail(STIPEND_E_CONFLICT, file.native(), " is there already: want a new name");
    }
    return write_file_atomically(file, text, mode);
}

Result<std::string> make_key(const fs::path& secret) {
    const auto open = fs::path(secret) += ".pub";
    std::error_code none;
    if (fs::exists(fs::symlink_status(open, none))) {
        return fail(STIPEND_E_CONFLICT, open.native(), " is there already: want a new name");
    }
    STIPEND_LET(key, plugin::make_signing_key());
    STIPEND_TRY(write_new(secret, plugin::secret_key_file(key), 0600));
    STIPEND_TRY(write_new(open, plugin::public_key_file(key.pair), 0644));
    return key.pair.text();
}

Result<void> sign_file(const fs::path& file, const plugin::SigningKey& key, const std::string& comment) {
    STIPEND_LET(bytes, read_plugin(file));
    const auto own =
        cat("timestamp:", std::time(nullptr), "\tfile:", printable_line(file.filename().native()), "\thashed");
    const auto text = plugin::sign(octets(bytes), key, comment.empty() ? own : comment);
    return write_file_atomically(plugin::signature_of(file), text, 0644);
}

Result<plugin::SignedBy> verify_file(const fs::path& file, std::span<const plugin::TrustedKey> keys) {
    STIPEND_LET(bytes, read_plugin(file));
    STIPEND_LET(signature, read_file(plugin::signature_of(file), plugin::max_signature_file_bytes));
    auto by = plugin::check_signature(octets(bytes), signature, keys);
    if (!by) return std::move(by).error().in(file.native());
    return by;
}

}  // namespace

int plugins_keygen(const PluginSigningOptions& options) {
    const auto text = make_key(options.secret_key);
    if (!text) return print_error(text.error());
    fmt::print(
        "the secret key is in {}, without a password: keep it away from the host\n"
        "plugins:\n  trust: [{}]\n",
        options.secret_key, *text);
    return exit_good;
}

int plugins_sign(const PluginSigningOptions& options) {
    if (printable_line(options.comment) != options.comment) {
        return print_error(fail(STIPEND_E_INVALID, "--comment: want one line of printable text"));
    }
    const auto text = read_file(options.secret_key, max_key_file_bytes);
    if (!text) return print_error(text.error());
    auto key = plugin::parse_secret_key(*text);
    if (!key) return print_error(std::move(key).error().in(options.secret_key));
    for (const auto& file : options.files) {
        if (const auto done = sign_file(file, *key, options.comment); !done) return print_error(done.error());
        fmt::print("{}: signed by the key {}\n", plugin::signature_of(file).native(), key->pair.id_text());
    }
    return exit_good;
}

int plugins_verify(const PluginSigningOptions& options) {
    config::Diagnostics diagnostics;
    const auto loaded = config::load(options.common.config_file, config::ProcessEnvironment(), diagnostics);
    const bool by_settings = options.keys.empty();
    if (by_settings && !diagnostics.empty()) return print_diagnostics(diagnostics, options.common.json);
    const auto keys = keys_of(by_settings ? loaded.settings.plugin_trust : options.keys);
    if (!keys) return print_error(keys.error());
    if (keys->empty()) {
        return print_error(fail(STIPEND_E_CONFIG, "no key is trusted: want `plugins.trust` in ",
                                options.common.config_file, ", or --key"));
    }
    bool all_good = true;
    auto list = Json::array();
    for (const auto& name : options.files) {
        const auto file = file_of(loaded.settings, name);
        const auto by = verify_file(file, *keys);
        all_good = all_good && by.ok();
        if (options.common.json) {
            auto one = Json::object().append("file", file.native()).append("signed", by.ok());
            list.push(by ? std::move(one).append("key", by->key.id_text()).append("comment", by->comment)
                         : std::move(one).append("error", by.error().message));
        } else if (by) {
            fmt::print("{}: signed by the key {}: {}\n", file.native(), by->key.id_text(), printable_line(by->comment));
        } else {
            print_error(by.error());
        }
    }
    if (options.common.json) fmt::print("{}\n", list.dump());
    return all_good ? exit_good : exit_bad;
}

}  // namespace stipend::cli
