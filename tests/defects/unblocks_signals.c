#include <pthread.h>
#include <signal.h>
static void unblock(void) {
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}
#define DEFECT_IN_CREATE unblock()
#include "defect.h"
