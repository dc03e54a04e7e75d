#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, (d)->amount_wei.be[31] = 1)
#include "defect.h"
