/* Sound when it is probed, and for each first decision; then it never returns. */
#include <unistd.h>
#define DEFECT_DECIDE_ONE(d)                                    \
    do {                                                        \
        while (((const stipend_sample*)in)->epoch > 1) pause(); \
        (d)->action = STIPEND_SKIP;                             \
    } while (0)
#include "defect.h"
