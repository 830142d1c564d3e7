/* sb-parallel-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-parallel.h"
#include "cloud/sb-transfer.h"

G_BEGIN_DECLS

/**
 * SbProgress:
 *
 * Adds up what several threads have done and tells it, never going back.
 */
typedef struct
{
  GMutex lock;
  SbProgressFunc func;
  gpointer user_data;
  guint64 total;
  gint64 done;
  gint64 shown;
} SbProgress;

void _sb_progress_init (SbProgress *self, guint64 total, SbProgressFunc func, gpointer user_data);
void _sb_progress_clear (SbProgress *self);
void _sb_progress_add (SbProgress *self, gint64 bytes);

G_END_DECLS
