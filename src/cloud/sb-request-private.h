/* sb-request-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-shapes-private.h"
#include "wire/sb-sigv4.h"

G_BEGIN_DECLS

/**
 * SbRequest:
 * @method: such as `PUT`
 * @path: the path as it goes over the wire; S3's without the bucket
 * @query: (nullable): the query as it goes over the wire
 * @bucket: (nullable): S3's bucket, which is part of the host or of the path
 * @headers: (element-type SbHeader): what members and protocol ask for
 * @members: (nullable): members that go into a JSON document
 * @document: (nullable): the body that members make
 * @md5: whether the body needs a checksum
 * @decode_url: whether the client itself asked for percent-encoded keys
 *
 * An operation's input as HTTP: not signed yet, and without a host.
 */
typedef struct
{
  const char *method;
  char *path;
  char *query;
  char *bucket;
  GPtrArray *headers;
  JsonObject *members;
  GBytes *document;
  gboolean md5;
  gboolean decode_url;
} SbRequest;

SbRequest *_sb_request_new (const SbOperation *operation, JsonObject *input, GError **error);
void _sb_request_free (SbRequest *self);
void _sb_request_add_header (SbRequest *self, const char *name, const char *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbRequest, _sb_request_free)

G_END_DECLS
