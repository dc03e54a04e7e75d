// Blocks signals in helper threads: the main thread handles SIGTERM, and SIGPIPE must be an error of the write instead.
#pragma once

#include <pthread.h>

#include <csignal>

namespace stipend::http {

// Threads started during its lifetime begin with all signals blocked. The destructor restores the previous mask.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_{};
};

}  // namespace stipend::http
