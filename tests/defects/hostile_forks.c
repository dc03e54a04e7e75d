/* It starts a process. */
#include "hostile.h"

static void do_harm(void) { if (fork() == 0) _exit(0); }
