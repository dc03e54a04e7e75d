#include "host/cli/worker_join_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

#include "host/auth/crypto.hpp"
#include "host/auth/worker_key.hpp"
#include "host/base/file.hpp"
#include "host/base/sha256.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/runtime/host.hpp"

namespace stipend::cli {
namespace {

constexpr std::uintmax_t max_secret_bytes = 4'096;
constexpr mode_t private_mode = 0600;
constexpr mode_t readable_mode = 0644;

// What root makes in the state folder of a service is the service's.
Result<void> give_to_owner(const std::filesystem::path& file, const std::filesystem::path& folder) {
    struct stat owner {};
    if (::geteuid() != 0 || ::stat(folder.c_str(), &owner) != 0) return {};
    if (::lchown(file.c_str(), owner.st_uid, owner.st_gid) == 0) return {};
    return fail(STIPEND_E_UNAVAILABLE, "cannot give ", file.native(),
                " to the owner of its folder: ", std::strerror(errno));
}

Result<std::string> key_seed(const worker::JoinTerms& terms) {
    const auto file = worker::key_seed_file(terms.state);
    STIPEND_LET(fresh, auth::random_hex(auth::key_seed_bytes));
    STIPEND_LET(made, make_private_file(file, fresh + "\n", terms.state));
    if (made) return fresh;
    return read_secret_line(file.native(), "the worker's key");
}

// Another one than before replaces it: the orchestrator may have got a new secret.
Result<void> keep_orchestrator_secret(const worker::JoinTerms& terms, const std::string& secret) {
    const auto file = worker::orchestrator_secret_file(terms.state);
    STIPEND_LET(made, make_private_file(file, secret + "\n", terms.state));
    if (made) return {};
    STIPEND_LET(before, read_secret_line(file.native(), "the orchestrator's secret"));
    if (before == secret) return {};
    STIPEND_TRY(write_file_atomically(file, secret + "\n", private_mode));
    return give_to_owner(file, terms.state);
}

// Nothing where there is none.
Result<std::optional<std::string>> config_there(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::exists(std::filesystem::symlink_status(file, error))) return std::optional<std::string>();
    STIPEND_LET(text, read_file(file, runtime::max_config_bytes));
    return std::optional(std::move(text));
}

// The one that the installation brought, which was not edited.
bool is_packaged(std::string_view text) {
    return sha256_hex(text) == STIPEND_PACKAGED_WORKER;
}

Result<std::filesystem::path> move_aside(const std::filesystem::path& file) {
    auto aside = file;
    aside += ".packaged";
    // An earlier copy is the same text.
    if (::rename(file.c_str(), aside.c_str()) == 0) return aside;
    return fail(STIPEND_E_UNAVAILABLE, "cannot move ", file.native(), " to ", aside.native(), ": ",
                std::strerror(errno));
}

}  // namespace

Result<void> make_state_folder(const std::filesystem::path& folder) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) return {};
    std::filesystem::create_directories(folder.parent_path(), error);
    if (error || ::mkdir(folder.c_str(), 0700) != 0) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot make the folder ", folder.native(), ": ",
                    error ? error.message() : std::strerror(errno));
    }
    return {};
}

Result<std::string> read_secret_line(const std::string& file, std::string_view what) {
    std::string text;
    if (file == "-") {
        auto read = read_all(STDIN_FILENO, max_secret_bytes);
        if (!read) return std::move(read).error().in(cat("cannot read ", what, " from standard input"));
        text = std::move(*read);
    } else {
        STIPEND_LET(fd, open_private_file(file));
        if (!fd) return fail(STIPEND_E_UNAVAILABLE, "cannot read ", what, ": there is no file ", file);
        auto read = read_all(fd.get(), max_secret_bytes);
        if (!read) return std::move(read).error().in(cat("cannot read ", what, " from ", file));
        text = std::move(*read);
    }
    text.resize(std::min(text.find('\n'), text.size()));
    if (text.ends_with('\r')) text.pop_back();
    if (text.empty()) return fail(STIPEND_E_INVALID, what, ": got an empty line");
    return text;
}

Result<JoinSecrets> make_join_files(const worker::JoinTerms& terms, const std::string& orchestrator_secret) {
    JoinSecrets out;
    STIPEND_LET(seed, key_seed(terms));
    STIPEND_SET(out.worker_key, auth::worker_key_of(seed));
    auth::wipe(seed);
    STIPEND_TRY(keep_orchestrator_secret(terms, orchestrator_secret));
    STIPEND_SET(out.own, worker::read_or_make_own_secret(terms.state, terms.id, terms.manager));
    STIPEND_TRY(give_to_owner(worker::own_secret_file(terms.state, terms.id), terms.state));
    return out;
}

bool has_joined(const worker::JoinTerms& terms) {
    std::error_code error;
    if (!std::filesystem::exists(worker::own_secret_file(terms.state, terms.id), error)) return false;
    const auto own = worker::read_or_make_own_secret(terms.state, terms.id, terms.manager);
    return own && own->registered;
}

Result<void> store_registered(const worker::JoinTerms& terms, worker::OwnSecret& own) {
    if (own.registered) return {};
    own.registered = true;
    STIPEND_TRY(worker::write_own_secret(terms.state, own));
    return give_to_owner(worker::own_secret_file(terms.state, terms.id), terms.state);
}

Result<void> check_join_config(const worker::JoinTerms& terms, const std::filesystem::path& file) {
    STIPEND_LET(there, config_there(file));
    if (!there) return {};
    switch (worker::origin_of_config(*there)) {
        case worker::ConfigOrigin::own:
            return {};
        case worker::ConfigOrigin::foreign:
            if (is_packaged(*there)) return {};
            return fail(
                STIPEND_E_CONFIG, file.native(),
                ": this command did not write it, and leaves it as it is: move it away, or name another file by "
                "--config");
        case worker::ConfigOrigin::changed:
            break;
    }
    const config::ProcessEnvironment environment;
    config::Diagnostics diagnostics;
    const auto loaded = config::load_text(file.native(), *there, environment, diagnostics);
    const auto& membership = loaded.settings.membership;
    if (!diagnostics.empty()) {
        return fail(STIPEND_E_CONFIG, file.native(), ": it was edited, and is wrong now; `stipend check -c ",
                    file.native(), "` says where");
    }
    if (membership.url == terms.manager && membership.orchestrator_id == terms.id) return {};
    return fail(STIPEND_E_CONFIG, file.native(), ": it was edited, and is for ", membership.orchestrator_id, " at ",
                membership.url, ": move it away, or name another file by --config");
}

Result<std::string> write_join_config(const worker::JoinTerms& terms, const std::filesystem::path& file,
                                      const std::string& text) {
    STIPEND_TRY(check_join_config(terms, file));
    STIPEND_LET(there, config_there(file));
    if (there && *there == text) return std::string("as it was");
    if (there && worker::origin_of_config(*there) == worker::ConfigOrigin::changed) {
        return std::string("edited since, and left as it is");
    }
    std::string done = there ? "written again" : "written";
    if (there && worker::origin_of_config(*there) == worker::ConfigOrigin::foreign) {
        STIPEND_LET(aside, move_aside(file));
        done = cat("written; what the installation had brought is ", aside.native());
    }
    STIPEND_TRY(write_file_atomically(file, text, ::geteuid() == 0 ? readable_mode : private_mode));
    return done;
}

}  // namespace stipend::cli
