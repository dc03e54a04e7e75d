#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, (d)->delay_ns = INT64_MAX)
#include "defect.h"
