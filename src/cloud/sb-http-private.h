/* sb-http-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-answer-private.h"
#include "wire/sb-sigv4.h"

G_BEGIN_DECLS

/**
 * SbHttpSource:
 * @open: makes a stream of the whole body, from its beginning, for every attempt
 * @length: its bytes
 * @data: the caller's data
 *
 * A body that does not fit in memory.
 */
typedef struct
{
  GInputStream *(*open) (gpointer data);
  goffset length;
  gpointer data;
} SbHttpSource;

/**
 * SbHttpSink:
 * @begin: a successful answer has come; what an earlier attempt wrote does not count
 * @write: takes the next bytes of its body
 * @data: the caller's data
 *
 * Where the body of a successful answer goes when it is not wanted in memory.
 */
typedef struct
{
  gboolean (*begin) (const SbAnswer *answer, gpointer data, GError **error);
  gboolean (*write) (const void *bytes, gsize length, gpointer data, GError **error);
  gpointer data;
} SbHttpSink;

/**
 * SbHttpRequest:
 * @method: such as `PUT`
 * @uri: where it goes
 * @headers: (element-type SbHeader): all headers but Content-Length
 * @body: (nullable): its body
 * @source: (nullable): or where the body comes from
 * @sink: (nullable): where the answer's body goes
 * @repeatable: whether sending it twice does no harm
 * @local: whether no proxy may stand between
 * @timeout: seconds of silence after which to give up
 *
 * A request that is ready to go. Borrows everything.
 */
typedef struct
{
  const char *method;
  GUri *uri;
  GPtrArray *headers;
  GBytes *body;
  const SbHttpSource *source;
  const SbHttpSink *sink;
  gboolean repeatable;
  gboolean local;
  guint timeout;
} SbHttpRequest;

gboolean _sb_http_send (const SbHttpRequest *request,
                        SbAnswer *answer,
                        GCancellable *cancellable,
                        GError **error);

G_END_DECLS
