/* main.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "algorithms/script/sb-script.h"

int
main (int argc, char **argv)
{
  if (argc == 2 && strcmp (argv[1], "train") == 0)
    return sb_script_train ();
  if (argc == 2 && strcmp (argv[1], "serve") == 0)
    return sb_script_serve ();
  fprintf (stderr, "Usage: sagebrush-script train|serve\n");
  return 2;
}
