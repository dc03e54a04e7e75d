#include "host/ledger/head_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>

#include "host/base/file.hpp"

namespace stipend::ledger {
namespace {

constexpr std::size_t max_line_bytes = 4'096;

Error broken(const std::filesystem::path& file, std::string_view what) {
    return fail(STIPEND_E_UNAVAILABLE, "signed heads: ", file.string(), ": ", what, ": ", std::strerror(errno));
}

Result<SignedHead> parse_line(const std::filesystem::path& file, std::string_view where, std::string_view line) {
    auto json = parse_json(line);
    auto head = json ? parse_signed_head(*json) : Result<SignedHead>(std::move(json).error());
    if (head) return head;
    return fail(STIPEND_E_INVALID, "signed heads: ", file.string(), ": ", where, ": ", head.error().message);
}

struct Tail {
    std::string line = {};       // the last whole one; empty: there is none
    std::uintmax_t torn_at = 0;  // where whole lines end
};

// Of a file that is open for reading, and has `size` bytes.
Result<Tail> tail_of(int fd, std::uintmax_t size, const std::filesystem::path& file) {
    std::string bytes(static_cast<std::size_t>(std::min<std::uintmax_t>(size, 2 * max_line_bytes)), '\0');
    const auto begin = size - bytes.size();
    for (std::size_t done = 0; done < bytes.size();) {
        const auto got = ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(begin + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return broken(file, "cannot be read");
        done += static_cast<std::size_t>(got);
    }
    const auto end = bytes.rfind('\n');
    if (end == std::string::npos && begin == 0) return Tail();
    const auto before = end == std::string::npos || end == 0 ? end : bytes.rfind('\n', end - 1);
    if (end == std::string::npos || (before == std::string::npos && begin > 0)) {
        return fail(STIPEND_E_INVALID, "signed heads: ", file.string(), ": the last line is longer than ",
                    max_line_bytes, " bytes");
    }
    const auto from = before == std::string::npos ? 0 : before + 1;
    return Tail{.line = bytes.substr(from, end - from), .torn_at = begin + end + 1};
}

// Passes each line to `look`, until it returns false.
Result<void> each_head(const std::filesystem::path& file, const std::function<bool(SignedHead)>& look) {
    std::error_code none;
    if (!std::filesystem::exists(file, none)) return {};
    std::ifstream in(file, std::ios::binary);
    if (!in) return broken(file, "cannot be read");
    std::string line;
    std::optional<TreeHead> before;
    for (std::size_t number = 1; std::getline(in, line) && !in.eof(); ++number) {
        const auto where = cat("line ", number);
        STIPEND_LET(head, parse_line(file, where, line));
        const auto& now = head.head;
        if (before && (now.previous != digest_of(*before) || now.first != before->last + 1)) {
            return fail(STIPEND_E_INVALID, "signed heads: ", file.string(), ": ", where,
                        " does not follow from the line before");
        }
        before = now;
        if (!look(std::move(head))) return {};
    }
    return {};
}

}  // namespace

std::filesystem::path head_file(const std::filesystem::path& state_folder) {
    return state_folder / "heads.jsonl";
}

Result<std::optional<SignedHead>> last_head(const std::filesystem::path& file) {
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && errno == ENOENT) return std::optional<SignedHead>();
    struct stat found = {};
    if (!fd || ::fstat(fd.get(), &found) != 0) return broken(file, "cannot be read");
    STIPEND_LET(tail, tail_of(fd.get(), static_cast<std::uintmax_t>(found.st_size), file));
    if (tail.line.empty()) return std::optional<SignedHead>();
    STIPEND_LET(head, parse_line(file, "the last line", tail.line));
    return std::optional(head);
}

Result<void> append_head(const std::filesystem::path& file, const SignedHead& head) {
    const Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0644));
    struct stat found = {};
    if (!fd || ::fstat(fd.get(), &found) != 0) return broken(file, "cannot be opened");
    STIPEND_LET(tail, tail_of(fd.get(), static_cast<std::uintmax_t>(found.st_size), file));
    if (tail.torn_at < static_cast<std::uintmax_t>(found.st_size) &&
        ::ftruncate(fd.get(), static_cast<off_t>(tail.torn_at)) != 0) {
        return broken(file, "cannot be cut");
    }
    const auto line = to_json(head).dump() + "\n";
    for (std::size_t done = 0; done < line.size();) {
        const auto got = ::write(fd.get(), line.data() + done, line.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return broken(file, "cannot be written");
        done += static_cast<std::size_t>(got);
    }
    if (::fsync(fd.get()) != 0) return broken(file, "is not durable");
    if (found.st_size > 0) return {};
    const auto folder = std::filesystem::absolute(file).parent_path();
    const Fd parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent || ::fsync(parent.get()) != 0) return broken(folder, "is not durable");
    return {};
}

Result<std::vector<SignedHead>> read_heads(const std::filesystem::path& file, std::size_t most) {
    std::deque<SignedHead> out;
    STIPEND_TRY(each_head(file, [&](SignedHead head) {
        out.push_back(std::move(head));
        if (out.size() > most) out.pop_front();
        return true;
    }));
    return std::vector<SignedHead>(std::make_move_iterator(out.begin()), std::make_move_iterator(out.end()));
}

Result<std::optional<SignedHead>> head_over(const std::filesystem::path& file, Seq seq) {
    std::optional<SignedHead> out;
    STIPEND_TRY(each_head(file, [&](SignedHead head) {
        if (seq >= head.head.first && seq <= head.head.last) out = std::move(head);
        return !out;
    }));
    return out;
}

}  // namespace stipend::ledger
