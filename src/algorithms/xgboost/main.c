/* main.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "algorithms/xgboost/sb-xgboost.h"

int
main (int argc, char **argv)
{
  if (argc == 2 && strcmp (argv[1], "train") == 0)
    return sb_xgboost_train ();
  if (argc == 2 && strcmp (argv[1], "serve") == 0)
    return sb_xgboost_serve ();
  fprintf (stderr, "Usage: sagebrush-xgboost train|serve\n");
  return 2;
}
