/* sb-host.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbHost:
 *
 * A process that stands for one host of a job. It leads a process group of its own, which is ended
 * with it. What it writes goes on to the log.
 */
typedef struct _SbHost SbHost;

/**
 * SbHostFunc:
 * @host: a host that has ended, with all that it wrote
 * @data: the caller's
 */
typedef void (*SbHostFunc) (SbHost *host, gpointer data);

SbHost *sb_host_start (const char *name,
                       const char *folder,
                       gboolean marked,
                       const char *const *argv,
                       const char *const *environ,
                       SbHostFunc func,
                       gpointer data,
                       GError **error);
void sb_host_free (SbHost *self);
const char *sb_host_get_name (SbHost *self);
const char *sb_host_get_folder (SbHost *self);
gboolean sb_host_is_running (SbHost *self);
int sb_host_get_status (SbHost *self);
const char *sb_host_get_tail (SbHost *self);
void sb_host_signal (SbHost *self, int number);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbHost, sb_host_free)

G_END_DECLS
