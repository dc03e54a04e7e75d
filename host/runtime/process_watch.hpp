// What belongs to the host in a process that it shares with plugins: the actions of its signals and its standard
// streams. The probe refuses a plugin that changes them in its life's calls; one that does so later, in any call, is
// found here: what it took is put back, and reported.
#pragma once

#include <sys/types.h>

#include <array>
#include <csignal>
#include <mutex>
#include <string>
#include <vector>

#include "host/base/file.hpp"
#include "host/base/not_in_children.hpp"

namespace stipend::runtime {

class ProcessWatch {
  public:
    // As it is now is as it has to be: once the host has its signals, and before any plugin's code runs.
    ProcessWatch();

    // While one lives, plugins are loaded and made. Runtimes of languages take crash signals then, which the probe
    // reports: these are not looked at meanwhile, and stay as they are at its end. [any]
    class Loading {
      public:
        explicit Loading(ProcessWatch& watch);
        ~Loading();
        Loading(const Loading&) = delete;
        Loading& operator=(const Loading&) = delete;

      private:
        ProcessWatch& watch_;
    };

    // Puts back what was taken, and says of each what and by which plugin, as far as that is known. Some twenty system
    // calls. [one thread]
    [[nodiscard]] std::vector<std::string> restore();

  private:
    static constexpr std::array own{SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGIO, SIGCHLD};
    static constexpr std::array crashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    struct Stream {
        dev_t device = 0;
        ino_t inode = 0;
        Fd kept = {};  // the same file under another number; none where it was closed from the start
        NotInChildren in_children = {};
    };

    void restore_actions(std::vector<std::string>& changes);
    void restore_streams(std::vector<std::string>& changes);

    std::mutex mutex_;
    std::array<struct sigaction, own.size() + crashes.size()> actions_{};  // guarded by mutex_
    int loading_ = 0;                                                      // likewise
    std::array<Stream, 3> streams_;
};

}  // namespace stipend::runtime
