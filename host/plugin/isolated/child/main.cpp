// stipend-plugin: the process of one plugin instance with `isolate: process`. Started by the host, never by people.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "host/plugin/isolated/child/session.hpp"

int main() {
    using namespace stipend::plugin::isolated;
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(socket_fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
        std::fprintf(stderr,
                     "stipend-plugin runs one plugin on behalf of stipend, which starts it: see `isolate` in the "
                     "configuration\n");
        return 2;
    }
    // It ends with its host, and by nothing that a terminal or a service manager sends to all processes of the host.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);
    for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGPIPE}) ::signal(number, SIG_IGN);
    ::close_range(report_fd + 1, ~0U, 0);
    const int status = Session::get().run();
    ::_exit(status);  // no destructor of the plugin's runs beside its threads
}
