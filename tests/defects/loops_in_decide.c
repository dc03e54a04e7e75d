#define DEFECT_DECIDE_ONE(d) \
    for (volatile int on = 1; on; (d)->action = STIPEND_SKIP) continue
#include "defect.h"
