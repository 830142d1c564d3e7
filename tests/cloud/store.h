/* store.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small S3 that loses, damages and cuts what a test wants it to.
 */

#pragma once

#include "loopback.h"

G_BEGIN_DECLS

/* What the client cuts files into, in bytes. */
#define STORE_PART ((gsize) 16 * 1024 * 1024)
/* An upload has no more of them. */
#define STORE_MAX_PARTS 8

/**
 * Store:
 *
 * One bucket, and one upload in parts at a time. Names of objects are targets without their query,
 * as `/b/k`. How often something goes wrong is counted down: 0 is never, -1 always. The server, in
 * a thread of its own, holds @lock while it answers; tests set and read these between their calls.
 */
typedef struct
{
  GMutex lock;
  GHashTable *objects; /* (element-type utf8 GBytes) */
  GHashTable *etags;   /* (element-type utf8 utf8) */
  GBytes *parts[STORE_MAX_PARTS];
  gboolean open; /* whether there is an upload */

  /* What goes wrong. */
  int drop_parts;        /* times: hangs up instead of taking a part */
  int drop_part_number;  /* only this part is dropped; 0 is any */
  int deny_parts;        /* times */
  int lose_complete;     /* times: completes an upload and hangs up */
  int truncate_gets;     /* times */
  int damage_gets;       /* times: one bit is another */
  int change_after_gets; /* the ETag is another after so many; 0 is never */
  gboolean damage_puts;  /* answers with the ETag of something else */
  gboolean ignore_ranges;
  gboolean hide_parts; /* does not say how many parts an object has */
  GCancellable *cancel_at_part;

  /* What was seen. */
  guint puts;
  guint part_puts;
  guint creates; /* of uploads */
  guint aborts;
  guint gets;
  guint lists;
} Store;

void store_init (Store *self);
void store_clear (Store *self);

/* As if it had been uploaded, in one piece or in parts of STORE_PART. */
void store_put (Store *self, const char *name, GBytes *bytes, gboolean in_parts);

/* A LoopbackFunc; its data is the Store. */
void store_serve (SoupServerMessage *message, const Asked *asked, gpointer data);

G_END_DECLS
