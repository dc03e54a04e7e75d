/* It has the kernel kill the host once a descriptor is ready. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include "hostile.h"

static void do_harm(void) {
    int ends[2];
    if (pipe(ends) != 0) return;
    fcntl(ends[0], F_SETSIG, SIGKILL);
    fcntl(ends[0], F_SETOWN, getppid());
    fcntl(ends[0], F_SETFL, O_ASYNC);
    (void)!write(ends[1], "x", 1);
}
