/* It reads the configuration of the machine's users. */
#include <fcntl.h>
#include "hostile.h"

static void do_harm(void) {
    if (open("/etc/passwd", O_RDONLY) >= 0) abort(); /* reads it */
}
