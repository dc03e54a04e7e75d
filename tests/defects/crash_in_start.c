#define DEFECT_IN_START (*(volatile int*)8 = 1)
#include "defect.h"
