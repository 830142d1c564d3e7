/* sb-request.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "engine/sb-engine.h"
#include "wire/sb-uri.h"

G_BEGIN_DECLS

/**
 * SbProtocol:
 * @SB_PROTOCOL_JSON: SageMaker, Logs
 * @SB_PROTOCOL_RUNTIME: SageMaker Runtime: REST with an error document in JSON
 * @SB_PROTOCOL_QUERY: IAM, STS
 * @SB_PROTOCOL_S3: REST with documents in XML
 */
typedef enum
{
  SB_PROTOCOL_JSON,
  SB_PROTOCOL_RUNTIME,
  SB_PROTOCOL_QUERY,
  SB_PROTOCOL_S3,
} SbProtocol;

/**
 * SbRequest:
 * @engine: the engine
 * @message: libsoup's side of it
 * @method: such as `GET`
 * @path: as on the wire, not decoded
 * @query: (nullable): as on the wire
 * @pairs: (element-type SbPair): @query, decoded
 * @headers: (element-type SbHeader): as they came
 * @id: the request id that the answer carries
 * @protocol: in which errors are told
 * @claim: (nullable): the verified signature
 * @body: (nullable): the body, once it is there
 * @upload: (nullable): where the body goes when it is an object's
 * @upload_free: frees @upload with the request
 *
 * One request on its way through the engine. Reference counted, as answers may come later: the
 * message is paused with sb_request_pause() until one of the replies is called.
 */
typedef struct
{
  int ref_count;
  SbEngine *engine;
  SoupServerMessage *message;
  const char *method;
  char *path;
  char *query;
  GPtrArray *pairs;
  GPtrArray *headers;
  char id[37];
  SbProtocol protocol;
  SbSigv4Claim *claim;
  GBytes *body;
  gpointer upload;
  GDestroyNotify upload_free;
  gboolean paused;
  gboolean gone;
  gulong finished;
} SbRequest;

SbRequest *sb_request_new (SbEngine *engine, SoupServerMessage *message);
SbRequest *sb_request_ref (SbRequest *self);
void sb_request_unref (SbRequest *self);
const char *sb_request_get_header (SbRequest *self, const char *name);
const char *sb_request_get_query (SbRequest *self, const char *name);
gboolean sb_request_authenticate (SbRequest *self, SbAuthService service, GError **error);
void sb_request_pause (SbRequest *self);

void sb_request_add_header (SbRequest *self, const char *name, const char *value);
void sb_request_reply (SbRequest *self, guint status, const char *content_type, GBytes *body);
void sb_request_reply_error (SbRequest *self, const GError *error);
void sb_request_fail (SbRequest *self, guint status, const char *code, const char *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbRequest, sb_request_unref)

G_END_DECLS
