/* sb-winograd-avx512.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-winograd-private.h"

#ifdef __x86_64__

#include <immintrin.h>

#pragma GCC target("avx512f,avx2,fma")

#define NAME(x)      sb_winograd_avx512_##x
#define WIDTH        16
#define ROWS         12
#define MOST_AT_ONCE 2

#include "algorithms/vision/sb-winograd-kernels.h"

#endif
