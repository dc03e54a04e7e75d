#define DEFECT_SCHEMA "{\"type\":\"object\",\"propertys\":{}}"
#include "defect.h"
