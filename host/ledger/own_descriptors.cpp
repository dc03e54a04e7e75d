#include "host/ledger/own_descriptors.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace stipend::ledger {

std::vector<OwnDescriptors::Open> OwnDescriptors::of(const std::filesystem::path& database) {
    std::vector<Open> files;
    for (const auto* suffix : {"", "-wal"}) {
        struct stat info {};
        const auto path = database.native() + suffix;
        if (::stat(path.c_str(), &info) != 0) continue;
        files.push_back(
            {.device = info.st_dev, .inode = info.st_ino, .file = std::filesystem::path(path).filename().native()});
    }
    std::vector<Open> out;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", none)) {
        const auto name = entry.path().filename().native();
        int fd = -1;
        std::from_chars(name.data(), name.data() + name.size(), fd);
        struct stat info {};
        if (fd < 0 || ::fstat(fd, &info) != 0) continue;
        for (const auto& file : files) {
            if (file.device != info.st_dev || file.inode != info.st_ino) continue;
            out.push_back(file);
            out.back().fd = fd;
        }
    }
    return out;
}

OwnDescriptors OwnDescriptors::others(const std::filesystem::path& database) {
    OwnDescriptors out;
    out.open_ = of(database);
    return out;
}

OwnDescriptors OwnDescriptors::since(const OwnDescriptors& others, const std::filesystem::path& database) {
    OwnDescriptors out;
    for (auto& one : of(database)) {
        const bool was_there = std::any_of(others.open_.begin(), others.open_.end(),
                                           [&](const Open& other) { return other.fd == one.fd; });
        if (!was_there) out.open_.push_back(std::move(one));
    }
    return out;
}

Result<void> OwnDescriptors::check() const {
    for (const auto& one : open_) {
        struct stat info {};
        const bool closed = ::fstat(one.fd, &info) != 0;
        if (!closed && info.st_dev == one.device && info.st_ino == one.inode) continue;
        auto error = fail(STIPEND_E_STATE, one.file, ": its descriptor was taken away: number ", one.fd, " is ",
                          closed ? "closed" : "another file",
                          ": code in this process closed it, which is not its own, such as that of a plugin");
        error.permanent = true;
        return error;
    }
    return {};
}

}  // namespace stipend::ledger
