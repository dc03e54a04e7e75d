#include <stdlib.h>
#define DEFECT_IN_INIT exit(0)
#include "defect.h"
