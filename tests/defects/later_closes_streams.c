/* Closes standard input, output and error, once, and has the next file that is opened be one of them. */
#include "trigger.h"

#include <fcntl.h>

static void close_once(void) {
    static int closed;
    if (closed || !triggered()) return;
    closed = 1;
    for (int fd = 0; fd <= 2; ++fd) close(fd);
    (void)!open(getenv("STIPEND_DEFECT_TRIGGER"), O_RDONLY);
}
#define DEFECT_DECIDE_ONE(d) (close_once(), (d)->action = STIPEND_SKIP)
#include "defect.h"
