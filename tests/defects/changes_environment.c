#include <stdlib.h>
#define DEFECT_IN_INIT setenv("ORCHESTRATOR_ADDRESSES", "changed", 1)
#include "defect.h"
