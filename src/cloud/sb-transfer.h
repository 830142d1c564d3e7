/* sb-transfer.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client.h"

G_BEGIN_DECLS

/**
 * SbProgressFunc:
 * @done: bytes that have arrived
 * @total: bytes in all
 * @user_data: the caller's data
 *
 * Progress of a transfer. Calls never overlap, but may come from any thread.
 */
typedef void (*SbProgressFunc) (guint64 done, guint64 total, gpointer user_data);

gboolean sb_transfer_upload_file (SbClient *client,
                                  const char *bucket,
                                  const char *key,
                                  const char *path,
                                  SbProgressFunc progress,
                                  gpointer user_data,
                                  GCancellable *cancellable,
                                  GError **error);
gboolean sb_transfer_upload_bytes (SbClient *client,
                                   const char *bucket,
                                   const char *key,
                                   GBytes *bytes,
                                   const char *content_type,
                                   GCancellable *cancellable,
                                   GError **error);
gboolean sb_transfer_upload_folder (SbClient *client,
                                    const char *bucket,
                                    const char *prefix,
                                    const char *folder,
                                    SbProgressFunc progress,
                                    gpointer user_data,
                                    GCancellable *cancellable,
                                    GError **error);
/**
 * SbFilesFunc:
 * @done: files that are through, those that were there before among them
 * @total: files in all
 * @skipped: files that were there before
 * @user_data: the caller's data
 *
 * Progress of many files. Calls never overlap, but may come from any thread.
 */
typedef void (*SbFilesFunc) (guint done, guint total, guint skipped, gpointer user_data);

gboolean sb_transfer_upload_list (SbClient *client,
                                  const char *bucket,
                                  const char *prefix,
                                  const char *folder,
                                  const char *const *names,
                                  const char *list,
                                  SbFilesFunc func,
                                  gpointer user_data,
                                  GCancellable *cancellable,
                                  GError **error);
gboolean sb_transfer_download_file (SbClient *client,
                                    const char *bucket,
                                    const char *key,
                                    const char *path,
                                    SbProgressFunc progress,
                                    gpointer user_data,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
