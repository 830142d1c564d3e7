/* sb-winograd-avx2.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-winograd-private.h"

#ifdef __x86_64__

#pragma GCC target("avx2,fma")

#define NAME(x)      sb_winograd_avx2_##x
#define WIDTH        8
#define ROWS         6
#define MOST_AT_ONCE 1

#include "algorithms/vision/sb-winograd-kernels.h"

#endif
