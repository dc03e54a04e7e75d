#include "host/config/state_check.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "host/config/yaml.hpp"
#include "stipend/result.hpp"

namespace stipend::config {
namespace {

namespace fs = std::filesystem;

struct KernelsOwn {
    long magic;
    const char* name;
};
// File systems that the kernel fills: they take no files, whatever their folders' modes say.
constexpr std::array kernels_own{
    KernelsOwn{PROC_SUPER_MAGIC, "proc"},     KernelsOwn{SYSFS_MAGIC, "sysfs"},
    KernelsOwn{CGROUP_SUPER_MAGIC, "cgroup"}, KernelsOwn{CGROUP2_SUPER_MAGIC, "cgroup2"},
    KernelsOwn{DEVPTS_SUPER_MAGIC, "devpts"}, KernelsOwn{SECURITYFS_MAGIC, "securityfs"},
    KernelsOwn{DEBUGFS_MAGIC, "debugfs"},     KernelsOwn{TRACEFS_MAGIC, "tracefs"},
    KernelsOwn{EFIVARFS_MAGIC, "efivarfs"},   KernelsOwn{PSTOREFS_MAGIC, "pstore"},
    KernelsOwn{NSFS_MAGIC, "nsfs"},
};

}  // namespace

std::string state_refusal(const fs::path& state) {
    std::error_code failed;
    const auto wanted = fs::absolute(state, failed);
    if (failed) return cat(state.native(), ": ", failed.message());
    auto there = wanted;
    while (!fs::exists(there, failed) && there.has_relative_path()) there = there.parent_path();
    if (!fs::is_directory(there, failed)) return {};
    const auto refuse = [&](std::string_view why) {
        return there == wanted ? cat("nothing can be written to ", there.native(), ": ", why)
                               : cat("it cannot be made below ", there.native(), ": ", why);
    };
    struct statfs system = {};
    if (::statfs(there.c_str(), &system) != 0) return refuse(std::strerror(errno));
    const auto* kind = std::ranges::find(kernels_own, static_cast<long>(system.f_type), &KernelsOwn::magic);
    if (kind != kernels_own.end()) return refuse(cat("its file system is ", kind->name, ", which takes no files"));
    if (::faccessat(AT_FDCWD, there.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return refuse(std::strerror(errno));
    return {};
}

void check_state_folder(const std::string& state, Diagnostics& diagnostics) {
    const auto why = state_refusal(state);
    if (why.empty()) return;
    Diagnostics known;  // of a text that was read before
    const auto root = parse_yaml(diagnostics.source(), known);
    const auto pos = root ? locate(*root, "", "/state").node->pos : SourcePos{};
    diagnostics.add(pos, "state", cat("got \"", clip(state, 200), "\": ", why));
}

}  // namespace stipend::config
