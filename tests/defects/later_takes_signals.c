/* Takes the signals by which its host is ended and has its configuration taken anew, once. */
#include "trigger.h"

#include <signal.h>

static void swallow(int number) { (void)number; }
static void take_once(void) {
    static int taken;
    if (taken || !triggered()) return;
    taken = 1;
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, swallow);
    signal(SIGSEGV, swallow);
}
#define DEFECT_DECIDE_ONE(d) (take_once(), (d)->action = STIPEND_SKIP)
#include "defect.h"
