#define DEFECT_IN_CREATE exit(0)
#include "defect.h"
