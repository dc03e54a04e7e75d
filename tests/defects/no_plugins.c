#define DEFECT_COUNT 0u
#define DEFECT_DESCRIBE(index) ((void)(index), &descriptor)
#include "defect.h"
