// Signals are the main thread's business: SIGTERM must not land in a helper, and SIGPIPE must be an error of a write.
#pragma once

#include <pthread.h>

#include <csignal>

namespace stipend::http {

// While it lives, threads that are started begin with all signals blocked. It puts back what was.
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
