/* sb-object-store-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "engine/sb-object-store.h"

G_BEGIN_DECLS

/* What _sb_object_store_read() reads. */
#define SB_OBJECT_COLUMNS "key, size, etag, modified, headers, blobs, version"

struct _SbObjectStore
{
  SbDatabase *database;
  char *folder; /* blobs */
  char *incoming;
};

double _sb_object_store_now (void);
JsonObject *_sb_object_store_parse_headers (const char *text);
SbObject *_sb_object_store_read (sqlite3_stmt *row);
gboolean _sb_object_store_insert (SbObjectStore *self,
                                  const char *bucket,
                                  const SbObject *object,
                                  GError **error);
void _sb_object_store_delete_blobs (SbObjectStore *self, const char *blobs);

/* sb-blob.c */
gboolean _sb_object_store_fail_io (GError **error, const char *what);

/* sb-object-versions.c */
gboolean _sb_object_store_retire (SbObjectStore *self,
                                  const char *bucket,
                                  const char *key,
                                  char **version,
                                  GString *garbage,
                                  GError **error);

G_END_DECLS
