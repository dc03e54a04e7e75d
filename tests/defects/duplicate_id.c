#define DEFECT_COUNT 2u
#include "defect.h"
