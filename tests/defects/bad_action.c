#define DEFECT_DECIDE_ONE(d) ((d)->action = 42)
#include "defect.h"
