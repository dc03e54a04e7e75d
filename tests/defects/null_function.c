#define DEFECT_CREATE NULL
#include "defect.h"
