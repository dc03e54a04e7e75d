#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, (d)->amount_usd_e8 = 1)
#include "defect.h"
