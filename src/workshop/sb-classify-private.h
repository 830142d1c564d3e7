/* sb-classify-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-classify.h"

G_BEGIN_DECLS

/**
 * SbPhotoTarget:
 * @client: makes the calls, labelled with the run and its step
 * @endpoint: what the run has deployed; "" when nothing is
 *
 * Whom a run asks about photos.
 */
typedef struct
{
  SbClient *client;
  char *endpoint;
} SbPhotoTarget;

void _sb_photo_target_init (SbPhotoTarget *self, SbRun *run);
void _sb_photo_target_clear (SbPhotoTarget *self);

G_END_DECLS
