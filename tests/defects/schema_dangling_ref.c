#define DEFECT_SCHEMA \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"a\":{\"$ref\":\"#/$defs/gone\"}}}"
#include "defect.h"
