/* sb-object-store.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "engine/sb-database.h"

G_BEGIN_DECLS

/**
 * SbObjectStore:
 *
 * Buckets and objects. What an object is stands in the database; its bytes are one or more blobs:
 * files that are written under a temporary name, synced, renamed, and never changed again.
 */
typedef struct _SbObjectStore SbObjectStore;

/**
 * SbObject:
 * @key: its key
 * @size: in bytes
 * @etag: without quotes
 * @modified: seconds since 1970
 * @headers: (nullable): what was stored with it: Content-Type, x-amz-meta-…; lower-case names
 * @blobs: ids and sizes of its blobs in their order, as "ID:SIZE,ID:SIZE"
 * @version: (nullable): its VersionId; %NULL for what was put while its bucket kept no versions
 */
typedef struct
{
  char *key;
  guint64 size;
  char *etag;
  double modified;
  JsonObject *headers;
  char *blobs;
  char *version;
} SbObject;

/**
 * SbVersion:
 * @object: what it is; of a delete marker only its key, version and time
 * @marker: whether it says that the object was deleted
 * @latest: whether it is the newest of its key
 */
typedef struct
{
  SbObject *object;
  gboolean marker;
  gboolean latest;
} SbVersion;

/**
 * SbUpload:
 * @id: the UploadId
 * @bucket: its bucket
 * @key: its key
 * @created: seconds since 1970
 * @headers: (nullable): for the object to be
 */
typedef struct
{
  char *id;
  char *bucket;
  char *key;
  double created;
  JsonObject *headers;
} SbUpload;

/**
 * SbPart:
 * @number: from 1
 * @size: in bytes
 * @etag: without quotes
 * @modified: seconds since 1970
 * @blob: id of its blob
 * @checksum: (nullable): of the form "crc32:BASE64"
 */
typedef struct
{
  guint number;
  guint64 size;
  char *etag;
  double modified;
  char *blob;
  char *checksum;
} SbPart;

void sb_object_free (SbObject *self);
void sb_upload_record_free (SbUpload *self);
void sb_part_free (SbPart *self);
void sb_version_free (SbVersion *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbObject, sb_object_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbUpload, sb_upload_record_free)

SbObjectStore *sb_object_store_open (const char *data_dir, SbDatabase *database, GError **error);
void sb_object_store_free (SbObjectStore *self);

gboolean sb_object_store_create_bucket (SbObjectStore *self, const char *name, GError **error);
gboolean sb_object_store_delete_bucket (SbObjectStore *self, const char *name, GError **error);
gboolean sb_object_store_has_bucket (SbObjectStore *self, const char *name);
gboolean sb_object_store_require_bucket (SbObjectStore *self, const char *name, GError **error);
JsonArray *sb_object_store_list_buckets (SbObjectStore *self);
gboolean sb_object_store_set_setting (SbObjectStore *self,
                                      const char *bucket,
                                      const char *name,
                                      const char *value,
                                      GError **error);
char *sb_object_store_dup_setting (SbObjectStore *self, const char *bucket, const char *name);

SbObject *sb_object_store_find (SbObjectStore *self, const char *bucket, const char *key);
gboolean
sb_object_store_put (SbObjectStore *self, const char *bucket, SbObject *object, GError **error);
gboolean sb_object_store_delete (SbObjectStore *self,
                                 const char *bucket,
                                 const char *key,
                                 char **marker,
                                 GError **error);
GPtrArray *sb_object_store_list (SbObjectStore *self,
                                 const char *bucket,
                                 const char *prefix,
                                 const char *start,
                                 gboolean inclusive,
                                 guint limit);
gboolean sb_object_store_copy (SbObjectStore *self,
                               const SbObject *from,
                               const char *bucket,
                               const char *key,
                               JsonObject *headers,
                               SbObject **copied,
                               GError **error);

/* Versions: sb-object-versions.c */
SbVersion *sb_object_store_find_version (SbObjectStore *self,
                                         const char *bucket,
                                         const char *key,
                                         const char *version);
gboolean sb_object_store_delete_version (SbObjectStore *self,
                                         const char *bucket,
                                         const char *key,
                                         const char *version,
                                         gboolean *marker,
                                         GError **error);
GPtrArray *sb_object_store_list_versions (SbObjectStore *self,
                                          const char *bucket,
                                          const char *prefix,
                                          const char *key_marker,
                                          const char *version_marker,
                                          guint limit);

char *sb_object_store_create_upload (SbObjectStore *self,
                                     const char *bucket,
                                     const char *key,
                                     JsonObject *headers,
                                     GError **error);
SbUpload *sb_object_store_find_upload (SbObjectStore *self,
                                       const char *bucket,
                                       const char *key,
                                       const char *id,
                                       GError **error);
GPtrArray *
sb_object_store_list_uploads (SbObjectStore *self, const char *bucket, const char *prefix);
gboolean sb_object_store_put_part (SbObjectStore *self,
                                   const char *upload,
                                   const SbPart *part,
                                   GError **error);
GPtrArray *sb_object_store_list_parts (SbObjectStore *self, const char *upload);
gboolean sb_object_store_complete_upload (SbObjectStore *self,
                                          const SbUpload *upload,
                                          SbObject *object,
                                          GError **error);
gboolean sb_object_store_abort_upload (SbObjectStore *self, const char *id, GError **error);

/* Bytes. */
char *sb_object_store_dup_blob_path (SbObjectStore *self, const char *blob);
gboolean sb_object_store_materialise (SbObjectStore *self,
                                      const SbObject *object,
                                      const char *path,
                                      GError **error);
gboolean sb_object_store_put_file (SbObjectStore *self,
                                   const char *bucket,
                                   const char *key,
                                   const char *path,
                                   const char *content_type,
                                   GError **error);

/**
 * SbBlob:
 *
 * Bytes on their way into the store.
 */
typedef struct _SbBlob SbBlob;

SbBlob *sb_blob_new (SbObjectStore *store, GError **error);
void sb_blob_free (SbBlob *self);
gboolean sb_blob_write (SbBlob *self, const void *data, gsize length, GError **error);
gboolean sb_blob_store (SbBlob *self, GError **error);
const char *sb_blob_get_id (SbBlob *self);
guint64 sb_blob_get_size (SbBlob *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbBlob, sb_blob_free)

G_END_DECLS
