#include "host/cli/answer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "host/cli/context.hpp"

namespace stipend::cli {
namespace {

bool is_answering = false;

void end_of_process() {
    if (!is_answering) return;
    static_cast<void>(std::fputs("stipend: a plugin ended the process, want its functions to return\n", stderr));
    ::_exit(exit_bad);
}

}  // namespace

AnswerStream::AnswerStream() {
    static const int registered = std::atexit(&end_of_process);
    is_answering = registered == 0;
    std::fflush(stdout);
    const int moved = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    auto* file = moved < 0 ? nullptr : ::fdopen(moved, "w");
    if (file == nullptr || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return;  // it is closed: there is nothing to mix
    file_ = file;
}

AnswerStream::~AnswerStream() {
    is_answering = false;
    std::fflush(stdout);
    if (file_ != stdout) std::fclose(file_);
}

}  // namespace stipend::cli
