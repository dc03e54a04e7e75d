#define DEFECT_SCHEMA                                                                                      \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"a\":{\"$ref\":\"#/$defs/b\"}}," \
    "\"$defs\":{\"b\":{\"$ref\":\"#/$defs/c\"},\"c\":{\"$ref\":\"#/$defs/b\"}}}"
#include "defect.h"
