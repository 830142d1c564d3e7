/* main.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "algorithms/vision/sb-digits.h"

int
main (int argc, char **argv)
{
  if (argc == 2 && strcmp (argv[1], "train") == 0)
    return sb_digits_train (argv);
  if (argc == 2 && strcmp (argv[1], "serve") == 0)
    return sb_digits_serve ();
  fprintf (stderr, "Usage: sagebrush-vision train|serve\n");
  return 2;
}
