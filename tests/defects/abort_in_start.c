#include <stdlib.h>
#define DEFECT_IN_START abort()
#include "defect.h"
