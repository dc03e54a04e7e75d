#include "host/cli/password_input.hpp"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "host/base/file.hpp"

namespace stipend::cli {
namespace {

constexpr std::size_t max_line_bytes = 4'096;

std::string first_line(std::string text) {
    text.resize(std::min(text.find('\n'), text.size()));
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

Result<std::string> read_line(int fd) {
    std::string out;
    for (;;) {
        char c = 0;
        const auto got = ::read(fd, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(STIPEND_E_UNAVAILABLE, "cannot read the password: ", std::strerror(errno));
        if (got == 0 || c == '\n') return first_line(std::move(out));
        out.push_back(c);
        if (out.size() > max_line_bytes) return fail(STIPEND_E_INVALID, "got a password of more than a line");
    }
}

// The terminal shows nothing that is typed while this lives.
class EchoOff {
  public:
    explicit EchoOff(int fd) : fd_(fd) {
        if (::tcgetattr(fd_, &before_) != 0) return;
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        off_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
    }
    ~EchoOff() {
        if (off_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
    }
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;
    [[nodiscard]] bool off() const { return off_; }

  private:
    int fd_;
    termios before_{};
    bool off_ = false;
};

Result<std::string> ask(const char* prompt) {
    const EchoOff quiet(STDIN_FILENO);
    if (!quiet.off()) return fail(STIPEND_E_UNAVAILABLE, "cannot hide what is typed: ", std::strerror(errno));
    std::fputs(prompt, stderr);
    auto line = read_line(STDIN_FILENO);
    std::fputc('\n', stderr);
    return line;
}

}  // namespace

Result<std::string> read_password(const std::string& file) {
    if (!file.empty() && file != "-") {
        STIPEND_LET(text, read_file(file, max_line_bytes));
        return first_line(std::move(text));
    }
    if (!file.empty() || ::isatty(STDIN_FILENO) == 0) return read_line(STDIN_FILENO);
    STIPEND_LET(once, ask("password: "));
    STIPEND_LET(again, ask("the same again: "));
    if (once != again) return fail(STIPEND_E_INVALID, "got two different passwords");
    return once;
}

}  // namespace stipend::cli
