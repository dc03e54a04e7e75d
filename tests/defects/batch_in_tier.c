#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, (d)->tier[0] = count > 1 ? 'm' : 's')
#include "defect.h"
