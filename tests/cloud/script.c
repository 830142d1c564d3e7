/* script.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "script.h"

static void
put_headers (SoupServerMessage *message, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (lines[i], ": ", 2);

      if (pair[0] != NULL && pair[1] != NULL)
        reply_header (message, pair[0], pair[1]);
    }
}

void
follow_script (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  Script *script = data;
  int at = g_atomic_int_add (&script->at, 1);
  const Step *step = &script->steps[MIN ((guint) at, script->n - 1)];

  if (step->drop)
    reply_drop (message);
  else if (step->raw != NULL)
    reply_raw (message, step->raw);
  else
    {
      reply (message, step->status, JSON_TYPE, step->body);
      put_headers (message, step->headers);
    }
}
