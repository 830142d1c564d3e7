/* photo-run.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run of a module for photos whose endpoint is on loopback.
 */

#pragma once

#include "../cloud/loopback.h"
#include "formats/sb-photo.h"
#include "workshop/sb-workshop.h"

G_BEGIN_DECLS

/**
 * PhotoRun:
 * @folder: of its own, which goes with it
 * @server: (nullable): the endpoint
 * @workshop: the workshop
 * @run: a run whose classes are red, green and blue
 */
typedef struct
{
  char *folder;
  Loopback *server;
  SbWorkshop *workshop;
  SbRun *run;
} PhotoRun;

void photo_run_set_up (PhotoRun *self, LoopbackFunc answer);
void photo_run_tear_down (PhotoRun *self);
void photo_run_write (PhotoRun *self, const char *name, const void *data, gsize length);
void photo_answer (SoupServerMessage *message, const SbPhoto *photo);

G_END_DECLS
