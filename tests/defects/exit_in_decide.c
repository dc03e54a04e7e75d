#define DEFECT_DECIDE_ONE(d) ((void)(d), exit(0))
#include "defect.h"
