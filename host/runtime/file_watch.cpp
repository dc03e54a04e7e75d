#include "host/runtime/file_watch.hpp"

#include <vector>

#include "stipend/duration.hpp"

namespace stipend::runtime {
namespace {

constexpr std::int64_t file_look_every_ns = 500 * ns_per_ms;

}  // namespace

FileWatch::FileWatch(std::shared_ptr<Lane> lane, std::function<void(const std::filesystem::path&)> on_change)
    : lane_(std::move(lane)), on_change_(std::move(on_change)) {
    lane_->every(file_look_every_ns, [this] { look(); });
}

bool FileWatch::stop_within(std::int64_t patience_ns) {
    return lane_->end_within(patience_ns);
}

void FileWatch::watch(std::set<std::filesystem::path> files) {
    const std::lock_guard lock(mutex_);
    std::erase_if(files_, [&](const auto& entry) { return !files.contains(entry.first); });
    for (const auto& file : files) {
        if (files_.contains(file)) continue;
        const auto mark = plugin::stamp_of(file);
        files_.emplace(file, FileState{mark, mark});
    }
}

void FileWatch::look_again(const std::filesystem::path& file) {
    const std::lock_guard lock(mutex_);
    if (const auto found = files_.find(file); found != files_.end()) found->second.again = true;
}

void FileWatch::look() {
    std::vector<std::filesystem::path> names, changed;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [file, seen] : files_) names.push_back(file);
    }
    for (const auto& file : names) {
        const auto mark = plugin::stamp_of(file);  // without the lock: a file system may hang
        const std::lock_guard lock(mutex_);
        const auto found = files_.find(file);
        if (found == files_.end()) continue;
        auto& seen = found->second;
        const bool same_as_before = seen.last == mark;
        seen.last = mark;
        if (!same_as_before || (seen.reported == mark && !seen.again)) continue;
        seen.reported = mark;
        seen.again = false;
        changed.push_back(file);
    }
    for (const auto& file : changed) on_change_(file);
}

}  // namespace stipend::runtime
