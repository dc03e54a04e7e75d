#define DEFECT_SCHEMA "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"a\":{\"pattern\":\"(\"}}}"
#include "defect.h"
