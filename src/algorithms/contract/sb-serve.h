/* sb-serve.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbServeRequest:
 * @content_type: (nullable): without parameters, in lower case
 * @accept: (nullable): as it came
 * @body: the body
 * @length: its bytes
 *
 * A call of /invocations; valid while it is answered.
 */
typedef struct
{
  const char *content_type;
  const char *accept;
  const char *body;
  gsize length;
} SbServeRequest;

/**
 * SbServeAnswer:
 * @status: HTTP status, 200 at first
 * @content_type: static text
 * @body: empty at first
 */
typedef struct
{
  guint status;
  const char *content_type;
  GString *body;
} SbServeAnswer;

typedef void (*SbServeFunc) (const SbServeRequest *request, SbServeAnswer *answer, gpointer data);

int sb_serve_run (SbServeFunc func, gpointer data);
void sb_serve_fail (SbServeAnswer *answer, guint status, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

G_END_DECLS
