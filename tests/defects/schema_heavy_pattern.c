/* Sound: a pattern on which a matcher that tries every way back would take for ever. */
#define DEFECT_SCHEMA                                                                                 \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"a\":{\"type\":\"string\"," \
    "\"pattern\":\"^(a+)+$\",\"default\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}}}"
#include "defect.h"
