/* Has a thread that is not joined, and that still calls the host when the instance is gone. */
#include <pthread.h>

#include "stipend/abi/host.h"
static const stipend_host* the_host;
static _Atomic int is_gone;
static void* log_at_last(void* unused) {
    const stipend_host_log_v1* log = (const stipend_host_log_v1*)the_host->get_interface(the_host, STIPEND_HOST_LOG);
    const stipend_str text = {"still here", 10};
    while (!is_gone) {
    }
    for (int times = 0; times < 100; ++times) {
        const struct timespec ms = {0, 1000000};
        nanosleep(&ms, NULL);
        log->write(the_host, STIPEND_LOG_INFO, text);
    }
    return unused;
}
static void begin(const stipend_host* h) {
    pthread_t thread;
    the_host = h;
    is_gone = 0;
    if (pthread_create(&thread, NULL, log_at_last, NULL) == 0) pthread_detach(thread);
}
#define DEFECT_IN_CREATE begin(h)
#define DEFECT_IN_DESTROY (is_gone = 1)
#include "async_price.h"
