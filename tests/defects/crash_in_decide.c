#define DEFECT_DECIDE_ONE(d) ((d)->action = *(volatile int*)8)
#include "defect.h"
