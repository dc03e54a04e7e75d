/* Sets the wall clock for one process: preloaded, it adds the seconds in the file CLOCK_SHIM_FILE. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long offset_s(void) {
    const char* path = getenv("CLOCK_SHIM_FILE");
    const int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[32] = {0};
    const ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    return size > 0 ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t id, struct timespec* out) {
    static int (*real)(clockid_t, struct timespec*);
    if (real == NULL) *(void**)&real = dlsym(RTLD_NEXT, "clock_gettime");
    const int status = real(id, out);
    if (status == 0 && id == CLOCK_REALTIME) out->tv_sec += offset_s();
    return status;
}
