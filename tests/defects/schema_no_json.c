#define DEFECT_SCHEMA "{\"type\":"
#include "defect.h"
