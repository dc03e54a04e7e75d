// How a keeper carries frames to its process and from it.
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "host/base/printable.hpp"
#include "host/plugin/calls.hpp"
#include "host/plugin/isolated/keeper.hpp"

namespace stipend::plugin::isolated {
namespace {

constexpr int look_every_ms = 200;  // at times
constexpr std::size_t max_line_bytes = 1024;
constexpr std::size_t lines_in_a_while = 20;  // of standard error, in `while_ns`
constexpr std::int64_t while_ns = 10 * ns_per_s;

}  // namespace

// Until the process closes its end, or is to be ended.
std::optional<Error> Keeper::serve(const Process& process) {
    const auto good_at = call_clock() + task_.patience.good_after_ns;
    std::int64_t end_by = 0;
    bool settled = false;
    int errors = process.errors();
    while (true) {
        bool writes = false;
        {
            const std::lock_guard lock(mutex_);
            writes = !out_.empty();
        }
        const auto wanted = static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN);
        // A negative descriptor is passed over.
        std::array<pollfd, 3> waiting{{{process.socket(), wanted, 0}, {wake_.get(), POLLIN, 0}, {errors, POLLIN, 0}}};
        static_cast<void>(::poll(waiting.data(), waiting.size(), look_every_ms));
        if (waiting[1].revents != 0) clear_wake();
        if (waiting[2].revents != 0 && read_errors(errors) == 0) errors = -1;
        if ((waiting[0].revents & POLLOUT) != 0) write_some(process.socket());
        if ((waiting[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            const auto open = read_some(process.socket());
            if (!open) return open.error();
            if (!*open) return std::nullopt;
        }
        if (auto well = look_at_times(end_by); !well) return well.error();
        if (!settled && call_clock() >= good_at) {
            settled = true;
            listener_.settled();
        }
    }
}

Result<void> Keeper::look_at_times(std::int64_t& end_by) {
    const auto now = call_clock();
    const std::lock_guard lock(mutex_);
    if (failed_) return *failed_;
    if (stopping_ && end_by == 0) end_by = now + task_.patience.end_ns;
    const bool is_waited_for = phase_ == Phase::running && now < end_by;
    if (stopping_ && !is_waited_for) return fail(STIPEND_E_TIMEOUT, "has not ended when it was to");
    if (sent_ != handled_ && now - progress_at_ >= task_.patience.call_ns) {
        return fail(STIPEND_E_TIMEOUT, "has not returned from a call for ", task_.patience.call_ns / ns_per_s, " s");
    }
    return {};
}

void Keeper::write_some(int socket) {
    const std::lock_guard lock(mutex_);
    const auto put = ::send(socket, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put > 0) out_.erase(0, static_cast<std::size_t>(put));
    // A closed end shows when it is read.
}

Result<bool> Keeper::read_some(int socket) {
    std::array<char, 64 * 1024> buffer;
    const auto nonsense = [](Error error) { return std::move(error).in("answers nonsense"); };
    const auto got = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got <= 0) return false;
    frames_.append({buffer.data(), static_cast<std::size_t>(got)});
    while (true) {
        const auto frame = frames_.next();
        if (!frame) return nonsense(frame.error());
        if (!*frame) return true;
        if (const auto good = take(**frame); !good) return nonsense(good.error());
    }
}

Result<void> Keeper::take(const Frame& frame) {
    if (frame.message == Message::handled) {
        const std::lock_guard lock(mutex_);
        if (handled_ == sent_) return fail(STIPEND_E_INVALID, "got the end of a call that was not made");
        ++handled_;
        progress_at_ = call_clock();
        return {};
    }
    if (frame.message == Message::returned) return take_returned(frame);
    if (frame.message < Message::returned) return fail(STIPEND_E_INVALID, "got a message of the host's own");
    return listener_.took(frame);
}

Result<void> Keeper::take_returned(const Frame& frame) {
    Reader body(frame.body);
    stipend_error raw{};
    const auto status = body.error(raw);
    const auto result = status == STIPEND_OK ? Result<void>() : Result<void>(from_abi(status, &raw));
    if (frame.number == 0) {  // the answer to `hello`
        const std::lock_guard lock(mutex_);
        if (!result) failed_ = result.error();
        state_.confined = body.number<std::uint8_t>() != 0;
        return {};
    }
    Answered answered;
    {
        const std::lock_guard lock(mutex_);
        const auto found = calls_.find(frame.number);
        if (found == calls_.end()) return fail(STIPEND_E_INVALID, "got the end of a call that was not made");
        answered = std::move(found->second);
        calls_.erase(found);
    }
    answered(result, body);
    return {};
}

ssize_t Keeper::read_errors(int errors) {
    std::array<char, 4096> buffer;
    const auto got = ::read(errors, buffer.data(), buffer.size());
    if (got <= 0) return got;
    errors_.append(buffer.data(), static_cast<std::size_t>(got));
    for (auto end = errors_.find('\n'); end != std::string::npos; end = errors_.find('\n')) {
        say(std::string_view(errors_).substr(0, end));
        errors_.erase(0, end + 1);
    }
    if (errors_.size() > max_line_bytes) say(std::exchange(errors_, {}));
    return got;
}

void Keeper::say(std::string_view line) {
    const auto now = call_clock();
    if (now - errors_since_ >= while_ns) {
        if (errors_left_out_ != 0) listener_.said(cat("(", errors_left_out_, " further lines left out)"));
        errors_since_ = now;
        errors_said_ = errors_left_out_ = 0;
    }
    if (errors_said_++ < lines_in_a_while) return listener_.said(printable_line(clip(line, max_line_bytes)));
    ++errors_left_out_;
}

}  // namespace stipend::plugin::isolated
