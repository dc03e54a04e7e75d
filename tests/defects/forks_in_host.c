/* Sound in the probe; in the host it leaves a process at its start, which ignores what it inherits and waits. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
static void split(void) {
    if (strcmp(program_invocation_short_name, "stipend") != 0) return;
    static int is_done;
    if (is_done++ != 0 || fork() != 0) return;
    close(1), close(2); /* the log of the host that has ended */
    prctl(PR_SET_NAME, "left-by-plugin");
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* for the alarm */
    alarm(60);
    for (;;) pause();
}
#define DEFECT_DECIDE_ONE(d) (split(), (d)->action = STIPEND_SKIP)
#include "defect.h"
