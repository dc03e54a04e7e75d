#include "tools/flow/screen.hpp"

#include <curses.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "host/base/file.hpp"
#include "host/base/time.hpp"
#include "tools/flow/layout.hpp"
#include "tools/flow/source.hpp"
#include "tools/flow/text.hpp"

namespace stipend::flow {
namespace {

constexpr int tick_ms = 500;  // for the countdowns
constexpr int escape_ms = 25;
constexpr int escape_key = 27;
constexpr int delete_key = 127;

// The terminal in ncurses' mode, given back at the end.
class Terminal {
  public:
    static Result<std::unique_ptr<Terminal>> open() {
        if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
            return fail(STIPEND_E_UNAVAILABLE, "standard input and output are no terminal: want one, or --once");
        }
        SCREEN* screen = ::newterm(nullptr, stdout, stdin);
        if (screen == nullptr) {
            const char* type = std::getenv("TERM");
            return fail(STIPEND_E_UNAVAILABLE, "TERM: got ", type == nullptr ? "nothing" : one_line(type),
                        ", want a terminal that ncurses knows, or --once");
        }
        return std::unique_ptr<Terminal>(new Terminal(screen));
    }
    ~Terminal() {
        ::endwin();
        ::delscreen(screen_);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    [[nodiscard]] static Size size() {
        return {static_cast<std::size_t>(std::max(COLS, 1)), static_cast<std::size_t>(std::max(LINES, 1))};
    }
    void draw(const std::vector<Line>& lines) const {
        ::erase();
        int at = 0;
        for (const auto& line : lines) {
            ::move(at++, 0);
            for (const auto& span : line.spans) {
                ::attrset(static_cast<int>(attributes(span.look) | (line.selected ? A_REVERSE : A_NORMAL)));
                ::addstr(span.text.c_str());
            }
        }
        ::attrset(static_cast<int>(A_NORMAL));
        ::refresh();
    }

  private:
    explicit Terminal(SCREEN* screen) : screen_(screen) {
        ::cbreak();
        ::noecho();
        ::nonl();
        ::keypad(stdscr, TRUE);
        ::nodelay(stdscr, TRUE);
        ::set_escdelay(escape_ms);
        ::curs_set(0);
        const char* plain = std::getenv("NO_COLOR");
        coloured_ = ::has_colors() && (plain == nullptr || *plain == '\0');
        if (!coloured_) return;
        ::start_color();
        ::use_default_colors();
        ::init_pair(1, COLOR_GREEN, -1);
        ::init_pair(2, COLOR_YELLOW, -1);
        ::init_pair(3, COLOR_RED, -1);
    }
    [[nodiscard]] attr_t attributes(Look look) const {
        switch (look) {
            case Look::plain:
                return A_NORMAL;
            case Look::faint:
                return A_DIM;
            case Look::strong:
                return A_BOLD;
            case Look::good:
                return coloured_ ? COLOR_PAIR(1) : A_NORMAL;
            case Look::warning:
                return coloured_ ? COLOR_PAIR(2) : A_NORMAL;
            case Look::bad:
                return coloured_ ? COLOR_PAIR(3) : A_BOLD;
        }
        return A_NORMAL;
    }

    SCREEN* const screen_;
    bool coloured_ = false;
};

std::optional<Key> key_of(int code) {
    switch (code) {
        case KEY_UP:
            return Key::up;
        case KEY_DOWN:
            return Key::down;
        case KEY_PPAGE:
            return Key::page_up;
        case KEY_NPAGE:
            return Key::page_down;
        case KEY_HOME:
            return Key::home;
        case KEY_END:
            return Key::end;
        case KEY_ENTER:
        case '\n':
        case '\r':
            return Key::enter;
        case KEY_BACKSPACE:
        case '\b':
        case delete_key:
            return Key::backspace;
        case escape_key:
            return Key::escape;
        default:
            break;
    }
    return code >= ' ' && code < delete_key ? std::optional(Key::text) : std::nullopt;
}

class Show {
  public:
    Show(const Terminal& terminal, Source& source, const std::string& url) : terminal_(terminal), source_(source) {
        view_.url = one_line(url);
        view_.note = cat("connecting to ", view_.url, " ...");
    }
    // False: it is over.
    bool take_keys() {
        for (int code = ::getch(); code != ERR; code = ::getch()) {
            if (code == KEY_RESIZE) wrap_detail();
            const auto key = key_of(code);
            if (key) take_key(*key, static_cast<char>(code));
            if (view_.quit) return false;
        }
        return true;
    }
    void take_news() {
        for (auto& news : source_.take()) {
            if (news.change) news.change(model_);
            if (news.connection) view_.note = one_line(*news.connection);
            if (news.explanation) take_explanation(*news.explanation);
            if (news.refused) refused_ = std::move(news.refused);
        }
    }
    [[nodiscard]] const std::optional<Error>& refused() const { return refused_; }
    void draw() {
        const auto size = Terminal::size();
        if (view_.mode != View::Mode::detail) settle(view_, lanes_of(model_, view_), page_of(view_, size));
        terminal_.draw(screen_lines(model_, view_, size, SystemClock().now()));
    }

  private:
    void take_key(Key key, char character) {
        if (press(view_, model_, key, character, page_of(view_, Terminal::size())) != Wish::explain) return;
        const auto* lane = model_.find(view_.selected);
        if (lane == nullptr || lane->checks.empty()) {
            lines_ = {"nothing is decided about it yet"};
        } else {
            source_.explain(lane->id, lane->checks.back().epoch);
            lines_ = view_.detail;
        }
        wrap_detail();
    }
    void take_explanation(const Result<Json>& explanation) {
        if (view_.mode != View::Mode::detail) return;
        if (!explanation) {
            lines_ = {one_line(explanation.error().message)};
        } else if (text_of(*explanation, "orchestrator") == view_.selected) {
            lines_ = flat_lines(*explanation);
        }
        wrap_detail();
    }
    void wrap_detail() {
        if (view_.mode == View::Mode::detail) view_.detail = wrap(lines_, Terminal::size().width);
    }

    const Terminal& terminal_;
    Source& source_;
    Model model_;
    View view_;
    std::vector<std::string> lines_;  // of the detail, as long as they are
    std::optional<Error> refused_;
};

sigset_t ending_signals() {
    sigset_t out;
    ::sigemptyset(&out);
    for (const int one : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&out, one);
    return out;
}

// Until q, a signal or a refusal.
Result<int> run(Show& show, int signals, int woken) {
    std::array<pollfd, 3> all{{{STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}, {woken, POLLIN, 0}}};
    while (true) {
        show.take_news();
        if (show.refused()) return *show.refused();
        show.draw();
        // A change of the window's size ends the wait too.
        if (::poll(all.data(), all.size(), tick_ms) < 0) all[1].revents = all[2].revents = 0;
        if ((all[1].revents & POLLIN) != 0) {
            signalfd_siginfo info{};
            if (::read(signals, &info, sizeof info) == sizeof info) return static_cast<int>(info.ssi_signo);
        }
        if ((all[2].revents & POLLIN) != 0) {
            std::uint64_t count = 0;
            const auto emptied = ::read(woken, &count, sizeof count);
            static_cast<void>(emptied);  // an empty one was taken before
        }
        if ((all[0].revents & (POLLHUP | POLLERR)) != 0) return SIGHUP;  // the terminal is gone
        if (!show.take_keys()) return 0;
    }
}

}  // namespace

void block_ending_signals() {
    const auto signals = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Result<int> show(const Api& api) {
    const auto signals = ending_signals();
    const Fd ending(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    const Fd woken(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (ending.get() < 0 || woken.get() < 0) return fail(STIPEND_E_UNAVAILABLE, "the system grants no descriptor");
    STIPEND_LET(terminal, Terminal::open());
    Source source(api, [fd = woken.get()] {
        const std::uint64_t one = 1;
        const auto woke = ::write(fd, &one, sizeof one);
        static_cast<void>(woke);  // one that is full wakes as well
    });
    Show show(*terminal, source, api.url());
    return run(show, ending.get(), woken.get());
}

}  // namespace stipend::flow
