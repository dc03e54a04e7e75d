/* It connects by itself. */
#include <sys/socket.h>
#include "hostile.h"

static void do_harm(void) { (void)!socket(AF_INET, SOCK_STREAM, 0); }
