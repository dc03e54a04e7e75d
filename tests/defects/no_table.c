#define DEFECT_INTERFACE NULL
#include "defect.h"
