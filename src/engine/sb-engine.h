/* sb-engine.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#include "engine/sb-auth.h"
#include "engine/sb-database.h"
#include "engine/sb-log-store.h"
#include "engine/sb-metrics.h"
#include "engine/sb-object-store.h"

G_BEGIN_DECLS

/* The engine has one account; AWS never gives this number to anyone. */
#define SB_ENGINE_ACCOUNT "000000000000"
/* The role that exists from the start, so that a job needs no preparation here. */
#define SB_ENGINE_ROLE "SagebrushLocalRole"

typedef struct _SbTraining SbTraining;
typedef struct _SbEndpoints SbEndpoints;
typedef struct _SbNotebooks SbNotebooks;

/**
 * SbEngine:
 * @data_dir: the folder with everything that the engine keeps
 * @region: the one Region that it pretends to be
 * @credentials: the one access key that it accepts
 * @auth: checks signatures
 * @database: buckets, objects and resources
 * @objects: the objects' bytes
 * @logs: log streams and events
 * @metrics: how often endpoints were asked
 * @training: running jobs
 * @endpoints: endpoints in service
 * @notebooks: notebook instances in service
 * @server: the HTTP server
 *
 * The engine: one instance in a process, everything in the main thread save where it is said.
 * Each member has its own header; the operations get the engine and use what they need.
 */
typedef struct
{
  char *data_dir;
  char *region;
  SbCredentials *credentials;
  SbAuth *auth;
  SbDatabase *database;
  SbObjectStore *objects;
  SbLogStore *logs;
  SbMetrics *metrics;
  SbTraining *training;
  SbEndpoints *endpoints;
  SbNotebooks *notebooks;
  SoupServer *server;
  GHashTable *operations;
  int lock;
} SbEngine;

/**
 * SbOperationFunc:
 * @engine: the engine
 * @input: the request's members; those of the Query protocol already have their types
 * @error: with the service's own code
 *
 * One operation of a service. Returns its answer; an empty object when it has none.
 */
typedef JsonObject *(*SbOperationFunc) (SbEngine *engine, JsonObject *input, GError **error);

/**
 * SbOperation:
 * @name: such as `CreateModel`
 * @func: what does it
 * @no_output: whether its answer has no body at all
 */
typedef struct
{
  const char *name;
  SbOperationFunc func;
  gboolean no_output;
} SbOperation;

SbEngine *sb_engine_new (const char *data_dir, const char *region, GError **error);
void sb_engine_free (SbEngine *self);
gboolean sb_engine_listen (SbEngine *self, guint16 port, GError **error);
char *sb_engine_dup_ready_line (SbEngine *self);
void sb_engine_add_operations (SbEngine *self, const char *service, const SbOperation *operations);
const SbOperation *sb_engine_find_operation (SbEngine *self, const char *service, const char *name);
char *sb_engine_arn (SbEngine *self, const char *type, const char *name);
double sb_engine_now (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbEngine, sb_engine_free)

G_END_DECLS
