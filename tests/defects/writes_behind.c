static void* volatile at;
#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, at = (d) + 1, memset(at, 7, 8))
#include "defect.h"
