#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, (d)->delay_ns = -1)
#include "defect.h"
