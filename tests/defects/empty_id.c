#define DEFECT_ID ""
#include "defect.h"
