/* Counts in the reason, once it has decided more samples than the short form compares. */
#include <stdio.h>
static unsigned decided;
#define DEFECT_DECIDE_ONE(d)                                                            \
    do {                                                                                \
        (d)->action = STIPEND_SKIP;                                                     \
        if (++decided > 450) snprintf((d)->reason, sizeof(d)->reason, "%u", decided);   \
    } while (0)
#include "defect.h"
