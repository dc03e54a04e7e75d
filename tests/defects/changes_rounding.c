#include <fenv.h>
#define DEFECT_IN_CREATE fesetround(FE_UPWARD)
#include "defect.h"
