/* Sound: a schema with alternatives. */
#define DEFECT_SCHEMA                                                             \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"a\":{" \
    "\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}}}"
#include "defect.h"
