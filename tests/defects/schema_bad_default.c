/* A default that is not valid by its own schema. */
#define DEFECT_SCHEMA                                                     \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" \
    "\"level\":{\"type\":\"integer\",\"default\":\"low\"}}}"
#include "defect.h"
