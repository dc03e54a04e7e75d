#define DEFECT_FLAGS 4
#include "defect.h"
