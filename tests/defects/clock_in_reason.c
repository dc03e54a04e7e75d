/* Equal within a second: only a clock that moves on shows it. */
#include <stdio.h>
#include <time.h>
#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, snprintf((d)->reason, 32, "%ld", (long)(time(NULL) / 60)))
#include "defect.h"
