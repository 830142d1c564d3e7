/* loopback.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <libsoup/soup.h>

#include "cloud/sb-client.h"

G_BEGIN_DECLS

#define LOOPBACK_KEY_ID "AKLOOPBACK"
#define LOOPBACK_SECRET "loop/back+secret"

/* Content-Type of calls to SageMaker, and of its answers. */
#define JSON_TYPE "application/x-amz-json-1.1"

/**
 * Asked:
 * @method: the method
 * @target: path and query as they came over the wire
 * @headers: the headers
 * @body: the body
 * @is_signed: whether the signature is right
 * @region: the Region it was signed for
 * @service: the service it was signed for
 *
 * A request that the server got.
 */
typedef struct
{
  char *method;
  char *target;
  SoupMessageHeaders *headers;
  GBytes *body;
  gboolean is_signed;
  char *region;
  char *service;
} Asked;

/**
 * LoopbackFunc:
 *
 * Answers a request, in the server's thread.
 */
typedef void (*LoopbackFunc) (SoupServerMessage *message, const Asked *asked, gpointer data);

/**
 * Loopback:
 *
 * An HTTP server on 127.0.0.1 in a thread of its own, which checks signatures, remembers what it
 * was asked, and answers as a test wants.
 */
typedef struct
{
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  char *url;
  LoopbackFunc func;
  gpointer data;
  GMutex lock;
  GPtrArray *asked; /* guarded by lock */
} Loopback;

Loopback *loopback_new (LoopbackFunc func, gpointer data);
void loopback_free (Loopback *self);
guint loopback_n_asked (Loopback *self);
const Asked *loopback_get (Loopback *self, guint index);
SbConnection *loopback_connect (Loopback *self);
SbClient *loopback_client (Loopback *self, SbJournal **journal);
const char *asked_header (const Asked *asked, const char *name);

void reply (SoupServerMessage *message, guint status, const char *type, const char *body);
void reply_header (SoupServerMessage *message, const char *name, const char *value);
void reply_drop (SoupServerMessage *message);
void reply_raw (SoupServerMessage *message, const char *text);
SbClient *client_for (SbConnection *connection, SbJournal **journal);
SbJournalEntry *last_entry (SbJournal *journal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Loopback, loopback_free)

G_END_DECLS
