/* sb-answer-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libsoup/soup.h>

#include "cloud/sb-shapes-private.h"

G_BEGIN_DECLS

/**
 * SbAnswer:
 * @status: the HTTP status
 * @headers: its headers
 * @body: its body; empty when that went elsewhere
 *
 * What came back over HTTP.
 */
typedef struct
{
  guint status;
  SoupMessageHeaders *headers;
  GBytes *body;
} SbAnswer;

void _sb_answer_clear (SbAnswer *self);
gboolean _sb_answer_is_success (const SbAnswer *self);
const char *_sb_answer_get_request_id (const SbAnswer *self);
GError *_sb_answer_to_error (const SbAnswer *self, const SbOperation *operation, char **region);
JsonObject *_sb_answer_to_output (const SbAnswer *self,
                                  const SbOperation *operation,
                                  gboolean decode_url,
                                  GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SbAnswer, _sb_answer_clear)

G_END_DECLS
