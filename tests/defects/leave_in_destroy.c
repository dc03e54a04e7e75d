#include <stdlib.h>
#define DEFECT_IN_DESTROY exit(0)
#include "defect.h"
