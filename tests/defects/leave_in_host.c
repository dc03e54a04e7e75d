/* Sound in the probe; in another program it ends the process with success. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
static void leave(void) {
    if (strcmp(program_invocation_short_name, "stipend-probe") != 0) exit(0);
}
#define DEFECT_IN_INIT leave()
#include "defect.h"
