/* sb-format.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-format.h"

#include <glib/gi18n.h>

/**
 * sb_format_duration:
 * @seconds: how long something takes or has taken
 *
 * Returns: (transfer full): such as "3.4 s", "2 min 05 s" or "1 h 20 min"
 */
char *
sb_format_duration (double seconds)
{
  int whole = (int) seconds;

  if (seconds < 60)
    return g_strdup_printf (_ ("%.1f s"), seconds);
  if (seconds < 3600)
    return g_strdup_printf (_ ("%d min %02d s"), whole / 60, whole % 60);
  return g_strdup_printf (_ ("%d h %02d min"), whole / 3600, whole / 60 % 60);
}

/**
 * sb_format_time:
 * @seconds: since the epoch
 *
 * Returns: (transfer full): date and time as the desktop's language has them
 */
char *
sb_format_time (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (seconds);

  return time != NULL ? g_date_time_format (time, "%x %X") : g_strdup ("");
}
