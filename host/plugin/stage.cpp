#include "host/plugin/stage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <vector>

#include "host/base/file.hpp"
#include "host/base/sha256.hpp"

// The header of this program, from the linker.
extern "C" __attribute__((visibility("hidden"))) const ElfW(Ehdr) __ehdr_start;

namespace stipend::plugin {
namespace fs = std::filesystem;
namespace {

Result<void> check_writers(const fs::path& path, const struct stat& info, std::string_view what) {
    const bool sticky = (info.st_mode & S_ISVTX) != 0;
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (S_ISDIR(info.st_mode) && sticky)) return {};
    return fail(STIPEND_E_INVALID, "unsafe ", what, ": ", path.native(), ": got mode ",
                fmt::format("{:04o}", info.st_mode & 07777U), ", want it writable by its owner only (chmod go-w)");
}

Result<void> check_exec(const fs::path& folder) {
    struct statvfs info {};
    if (::statvfs(folder.c_str(), &info) == 0 && (info.f_flag & ST_NOEXEC) != 0) {
        return fail(
            STIPEND_E_UNAVAILABLE, "cannot stage plugins: ", folder.native(),
            ": got a filesystem mounted noexec, want one that may hold code: set `state:` to another folder, or "
            "mount it exec");
    }
    return {};
}

std::string_view type_of(mode_t mode) {
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

std::string machine_text(unsigned machine) {
    switch (machine) {
        case EM_386:
            return "x86";
        case EM_X86_64:
            return "x86-64";
        case EM_ARM:
            return "ARM";
        case EM_AARCH64:
            return "AArch64";
        case EM_RISCV:
            return "RISC-V";
        case EM_PPC64:
            return "PowerPC 64";
        case EM_S390:
            return "S/390";
        default:
            return fmt::format("machine {}", machine);
    }
}

std::string build_text(unsigned char file_class, unsigned char order, unsigned machine) {
    return fmt::format("{}, {} bit, {}-endian", machine_text(machine), file_class == ELFCLASS64 ? 64 : 32,
                       order == ELFDATA2LSB ? "little" : "big");
}

// The loader calls a file of another machine missing. What is no ELF file is left to the loader's own words.
Result<void> check_machine(const fs::path& source, std::string_view bytes) {
    constexpr std::size_t machine_at = offsetof(Elf64_Ehdr, e_machine);  // the same in both classes
    static_assert(machine_at == offsetof(Elf32_Ehdr, e_machine));
    if (bytes.size() < sizeof(Elf32_Ehdr) || !bytes.starts_with(ELFMAG)) return {};
    const auto at = [&](std::size_t place) { return static_cast<unsigned char>(bytes[place]); };
    const bool is_little = at(EI_DATA) == ELFDATA2LSB;
    const auto machine =
        is_little ? at(machine_at) + 256U * at(machine_at + 1) : 256U * at(machine_at) + at(machine_at + 1);
    const auto& own = __ehdr_start;
    if (at(EI_CLASS) == own.e_ident[EI_CLASS] && at(EI_DATA) == own.e_ident[EI_DATA] && machine == own.e_machine) {
        return {};
    }
    return fail(STIPEND_E_INVALID, "cannot load plugin: ", source.native(), ": got a file for ",
                build_text(at(EI_CLASS), at(EI_DATA), machine), ", want one for ",
                build_text(own.e_ident[EI_CLASS], own.e_ident[EI_DATA], own.e_machine));
}

}  // namespace

fs::path signature_of(const fs::path& file) {
    return fs::path(file) += signature_suffix;
}

Result<Trusted> check_trust(const fs::path& file, std::string_view bytes, std::span<const TrustedKey> trust) {
    if (trust.empty()) return Trusted();
    const auto in_context = [&](Error error) { return std::move(error).in(cat("untrusted plugin: ", file.native())); };
    auto signature = read_file(signature_of(file), max_signature_file_bytes);
    if (!signature) return in_context(signature.error());
    const std::span octets(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    const auto by = check_signature(octets, *signature, trust);
    if (!by) return in_context(by.error());
    return Trusted{.key_id = by->key.id_text(), .signature = std::move(*signature)};
}

Result<Staged> stage(const fs::path& source, const fs::path& folder, std::string_view pin,
                     std::span<const TrustedKey> trust) {
    struct stat info {};
    const fs::path parent = source.has_parent_path() ? source.parent_path() : fs::path(".");
    if (::stat(parent.c_str(), &info) == 0) STIPEND_TRY(check_writers(parent, info, "plugin folder"));
    const Fd fd(::open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a FIFO would wait for a writer
    if (!fd || ::fstat(fd.get(), &info) != 0) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot read plugin: ", source.native(), ": ", std::strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return fail(STIPEND_E_INVALID, "cannot read plugin: ", source.native(), ": got ", type_of(info.st_mode),
                    ", want a regular file");
    }
    STIPEND_TRY(check_writers(source, info, "plugin file"));
    auto bytes = read_all(fd.get(), max_library_bytes);
    if (!bytes) return std::move(bytes).error().in(cat("cannot read plugin: ", source.native()));

    STIPEND_TRY(check_machine(source, *bytes));
    Staged out{.source = source, .copy = {}, .sha256 = sha256_hex(*bytes)};
    if (!pin.empty() && pin != out.sha256) {
        return fail(STIPEND_E_CONFLICT, "wrong plugin bytes: ", source.native(), ": got sha256 ", out.sha256, ", want ",
                    pin);
    }
    STIPEND_LET(trusted, check_trust(source, *bytes, trust));
    out.signed_by = trusted.key_id;
    out.copy = folder / source.stem() / (out.sha256 + ".so");
    std::error_code ec;
    fs::create_directories(out.copy.parent_path(), ec);
    if (ec) return fail(STIPEND_E_UNAVAILABLE, "cannot stage plugins: ", folder.native(), ": ", ec.message());
    STIPEND_TRY(check_exec(out.copy.parent_path()));
    // With the copy, which may serve again without the operator's file.
    if (!trust.empty()) STIPEND_TRY(write_file_atomically(signature_of(out.copy), trusted.signature, 0400));
    if (fs::file_size(out.copy, ec) == bytes->size() && !ec) return out;
    STIPEND_TRY(write_file_atomically(out.copy, *bytes, 0500));
    return out;
}

Result<void> check_staging(const fs::path& folder) {
    std::error_code ec;
    auto there = fs::absolute(folder, ec);
    while (!ec && !fs::exists(there, ec) && there.has_relative_path()) there = there.parent_path();
    if (!fs::is_directory(there, ec)) {
        return fail(STIPEND_E_CONFIG, "cannot use ", folder.native(), ": ", there.native(), " is no folder");
    }
    return check_exec(there);
}

}  // namespace stipend::plugin
