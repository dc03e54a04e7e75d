#define DEFECT_SCHEMA                                                                                            \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"a\":{\"$ref\":\"https://example.org/" \
    "a.json\"}}}"
#include "defect.h"
