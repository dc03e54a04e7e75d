#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, memset((d)->tier, 120, sizeof (d)->tier))
#include "defect.h"
