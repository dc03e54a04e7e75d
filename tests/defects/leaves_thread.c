#include <pthread.h>
#include <unistd.h>
static void* wait_for_ever(void* nothing) {
    for (;;) pause();
    return nothing;
}
static void leave_thread(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, &wait_for_ever, NULL) == 0) pthread_detach(thread);
}
#define DEFECT_IN_INIT leave_thread()
#include "defect.h"
