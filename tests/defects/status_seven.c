/* Fails with a status that there is not. */
#define DEFECT_IN_CREATE return 7
#include "defect.h"
