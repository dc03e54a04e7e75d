#include <unistd.h>
static void start_daemon(void) {
    if (fork() != 0) return;
    setsid();
    for (;;) pause();
}
#define DEFECT_IN_INIT start_daemon()
#include "defect.h"
