/* Blocks all signals of the thread that it is called on, once: a crash there would have no name. */
#include "trigger.h"

#include <pthread.h>
#include <signal.h>

static void block_once(void) {
    static int done;
    if (done || !triggered()) return;
    done = 1;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}
#define DEFECT_DECIDE_ONE(d) (block_once(), (d)->action = STIPEND_SKIP)
#include "defect.h"
