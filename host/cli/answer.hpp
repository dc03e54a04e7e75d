// The standard output of a command that calls plugins in its own process.
#pragma once

#include <cstdio>

namespace stipend::cli {

// While one lives, and until the process ends, what plugins print on standard output goes to standard error: it would
// pass for a part of the answer. The answer is written to `file`, which is the former standard output. A plugin that
// ends the process by exit() meanwhile is reported, and the exit status is that of a bad thing.
class AnswerStream {
  public:
    AnswerStream();
    ~AnswerStream();
    AnswerStream(const AnswerStream&) = delete;
    AnswerStream& operator=(const AnswerStream&) = delete;
    [[nodiscard]] std::FILE* file() const { return file_; }

  private:
    std::FILE* file_ = stdout;
};

}  // namespace stipend::cli
