/* A policy that is sound in every trial; later its decide fails, until the trigger is taken away. */
#include "trigger.h"
#define DEFECT_DECIDE_ONE(d)                        \
    do {                                            \
        if (triggered()) return STIPEND_E_INTERNAL; \
        (d)->action = STIPEND_SKIP;                 \
    } while (0)
#include "defect.h"
