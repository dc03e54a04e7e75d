#define DEFECT_VERSION NULL
#include "defect.h"
