/* Decides by memory that was never written, which only valgrind sees. */
#include <stdlib.h>
static void look(void) {
    volatile int* unset = (volatile int*)malloc(sizeof(int) * 4096);
    if (unset[1234] == 0x5eed5eed) abort();
    free((void*)unset);
}
#define DEFECT_DECIDE_ONE(d) (look(), (d)->action = STIPEND_SKIP)
#include "defect.h"
