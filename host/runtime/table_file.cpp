#include "host/runtime/table_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "host/base/file.hpp"
#include "host/base/sha256.hpp"

namespace stipend::runtime {
namespace {

constexpr mode_t file_mode = 0640;
constexpr std::uint64_t largest_number = 1'000'000'000'000;  // beyond it is a file of another kind
constexpr std::string_view no_tables = "{}\n";

Result<void> remove_file(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot remove ", path.native(), ": ", std::strerror(errno));
    }
    const auto folder = path.parent_path();
    const Fd opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened && ::fsync(opened.get()) == 0) return {};
    return fail(STIPEND_E_UNAVAILABLE, "cannot sync ", folder.native(), ": ", std::strerror(errno));
}

}  // namespace

std::string version_of(const config::SourceText& text) {
    return text ? sha256_hex(*text) : "none";
}

Result<config::SourceText> TableFile::read() const {
    std::error_code failed;
    if (!std::filesystem::exists(path_, failed) && !failed) return config::SourceText();
    STIPEND_LET(text, read_file(path_, config::max_tables_bytes));
    return std::make_shared<const std::string>(std::move(text));
}

std::filesystem::path TableFile::numbered(std::uint64_t number) const {
    return path_.native() + "." + std::to_string(number);
}

std::vector<std::uint64_t> TableFile::numbers() const {
    std::vector<std::uint64_t> out;
    const auto folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
    const auto begin = path_.filename().native() + ".";
    std::error_code failed;
    for (const auto& one : std::filesystem::directory_iterator(folder, failed)) {
        const auto name = one.path().filename().native();
        if (!name.starts_with(begin)) continue;
        std::uint64_t number = 0;
        const auto* last = name.data() + name.size();
        const auto [end, error] = std::from_chars(name.data() + begin.size(), last, number);
        if (error == std::errc() && end == last && number > 0 && number < largest_number) out.push_back(number);
    }
    std::ranges::sort(out);
    return out;
}

Result<void> TableFile::replace(std::string_view text) const {
    STIPEND_LET(before, read());
    auto former = numbers();
    const auto next = former.empty() ? 1 : former.back() + 1;
    STIPEND_TRY(write_file_atomically(numbered(next), before ? std::string_view(*before) : no_tables, file_mode));
    if (auto written = write_file_atomically(path_, text, file_mode); !written) {
        static_cast<void>(remove_file(numbered(next)));
        return written;
    }
    former.push_back(next);
    for (std::size_t at = 0; at + kept < former.size(); ++at) STIPEND_TRY(remove_file(numbered(former[at])));
    return {};
}

Result<void> TableFile::put_back(const config::SourceText& before) const {
    STIPEND_TRY(before ? write_file_atomically(path_, *before, file_mode) : remove_file(path_));
    const auto former = numbers();
    return former.empty() ? Result<void>() : remove_file(numbered(former.back()));
}

Result<config::SourceText> TableFile::former() const {
    const auto all = numbers();
    if (all.empty()) return config::SourceText();
    return TableFile(numbered(all.back())).read();
}

}  // namespace stipend::runtime
