/* Closes each descriptor of the ledger's file, once, and opens a file of its own by these numbers: the trigger. */
#include "trigger.h"

#include <fcntl.h>
#include <stdio.h>

static int is_of_ledger(int fd) {
    char link[32], file[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, file, sizeof file - 1);
    if (length < 0) return 0;
    file[length] = '\0';
    const char* name = strrchr(file, '/');
    return name != NULL && (strcmp(name, "/ledger.db") == 0 || strcmp(name, "/ledger.db-wal") == 0);
}
static void take_once(void) {
    static int taken;
    if (taken || !triggered()) return;
    taken = 1;
    for (int fd = 3; fd < 256; ++fd) {
        if (!is_of_ledger(fd)) continue;
        const int own = open(getenv("STIPEND_DEFECT_TRIGGER"), O_RDWR);
        dup2(own, fd);
        close(own);
    }
}
#define DEFECT_DECIDE_ONE(d) (take_once(), (d)->action = STIPEND_SKIP)
#include "defect.h"
