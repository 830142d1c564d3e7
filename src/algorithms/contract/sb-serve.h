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
 * @deferred: set by an #SbServeFunc that wants to give the answer in an #SbServeBatchFunc, which
 *   unsets it when it gives it
 */
typedef struct
{
  guint status;
  const char *content_type;
  GString *body;
  gboolean deferred;
} SbServeAnswer;

typedef void (*SbServeFunc) (const SbServeRequest *request, SbServeAnswer *answer, gpointer data);

/**
 * SbServeBatchFunc:
 * @data: the caller's
 *
 * Gives the answers that were deferred, once all requests that wait have been read. One that it
 * leaves deferred it is asked for again, at the latest after sb_serve_wake().
 */
typedef void (*SbServeBatchFunc) (gpointer data);

int sb_serve_run (SbServeFunc func, SbServeBatchFunc batch, gpointer data);
void sb_serve_wake (void);
void sb_serve_fail (SbServeAnswer *answer, guint status, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

G_END_DECLS
