#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, (d)->uptime_ppm = 1000001)
#include "defect.h"
