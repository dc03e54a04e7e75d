#define DEFECT_SCHEMA "{\"type\":\"object\"}"
#include "defect.h"
