/* Sound: a schema with a reference inside itself. */
#define DEFECT_SCHEMA                                                                                      \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"a\":{\"$ref\":\"#/$defs/b\"}}," \
    "\"$defs\":{\"b\":{\"type\":\"string\"}}}"
#include "defect.h"
