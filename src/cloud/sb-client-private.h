/* sb-client-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client.h"
#include "cloud/sb-http-private.h"

G_BEGIN_DECLS

/**
 * SbCallOptions:
 * @body: (nullable): the body to send
 * @source: (nullable): or where it comes from
 * @content_md5: (nullable): the checksum of what @source gives, in Base64
 * @sink: (nullable): where the answer's body goes
 * @out_body: (nullable) (out): or where to put it
 * @waiter: (nullable): on whose behalf the call is made
 * @transfer: (nullable): the journal's `transfer`
 * @recheck: (nullable): the operation whose answer was lost
 * @source_path: (nullable): the file that @source reads
 * @quiet: the journal gets the entry only if the caller takes it from @out_entry
 * @secret: the answer holds secrets; its bytes are wiped
 * @out_entry: (nullable) (out): the journal's entry
 *
 * What a call needs besides its input, for those inside this room.
 */
typedef struct
{
  GBytes *body;
  const SbHttpSource *source;
  const char *content_md5;
  const SbHttpSink *sink;
  GBytes **out_body;
  const char *waiter;
  JsonObject *transfer;
  const char *recheck;
  const char *source_path;
  gboolean quiet;
  gboolean secret;
  SbJournalEntry **out_entry;
} SbCallOptions;

JsonObject *_sb_client_call_full (SbClient *self,
                                  const char *service,
                                  const char *operation,
                                  JsonObject *input,
                                  const SbCallOptions *options,
                                  GCancellable *cancellable,
                                  GError **error);
gboolean _sb_client_sleep (double seconds, GCancellable *cancellable, GError **error);

G_END_DECLS
