/* sb-call-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client-private.h"
#include "cloud/sb-request-private.h"

G_BEGIN_DECLS

/**
 * SbClientState:
 *
 * What a client learns from the services and shares with those that differ from it by a label
 * only: how far the clock is off, and in which Regions buckets are.
 */
typedef struct
{
  GMutex lock;
  gint64 clock_offset;        /* seconds to add to this computer's clock; guarded by lock */
  GHashTable *bucket_regions; /* guarded by lock */
} SbClientState;

SbClientState *_sb_client_state_new (void);
SbClientState *_sb_client_state_ref (SbClientState *state);
void _sb_client_state_unref (SbClientState *state);

/**
 * SbCall:
 * @connection: where it goes
 * @state: what is known from earlier calls
 * @operation: what is asked
 * @request: the same as HTTP
 * @options: see #SbCallOptions
 * @secrets: (element-type SbCredentials): every key it was signed with
 * @attempts: how often it was sent
 * @answer: the latest answer
 * @maybe_done: whether an attempt may have had its effect although no answer told so
 * @region_tried: whether it was sent to another Region already
 * @clock_tried: whether it was signed for another time already
 * @renewed: whether its keys were renewed already
 *
 * One call while it is made.
 */
typedef struct
{
  SbConnection *connection;
  SbClientState *state;
  SbOperation operation;
  SbRequest *request;
  const SbCallOptions *options;
  GPtrArray *secrets;
  guint attempts;
  SbAnswer answer;
  gboolean maybe_done;
  gboolean region_tried;
  gboolean clock_tried;
  gboolean renewed;
} SbCall;

double _sb_call_now (SbCall *call);
JsonObject *_sb_call_attempt (SbCall *call, GCancellable *cancellable, GError **error);
gboolean _sb_call_learn (SbCall *call, const GError *error);
gboolean _sb_call_renew (SbCall *call, GError **error, GCancellable *cancellable);
gboolean _sb_call_is_transient (SbCall *call, const GError *error);
void _sb_call_clear (SbCall *call);

G_END_DECLS
