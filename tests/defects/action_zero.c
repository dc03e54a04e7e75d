#define DEFECT_DECIDE_ONE(d) ((d)->action = 0)
#include "defect.h"
