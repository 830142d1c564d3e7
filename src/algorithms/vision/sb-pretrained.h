/* sb-pretrained.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "algorithms/vision/sb-net.h"

G_BEGIN_DECLS

/**
 * SbPretrained:
 * @path: a file of weights
 * @description: (nullable): the model.json that came with it
 * @temporary: (nullable): a folder that goes with it
 *
 * A model, or weights alone, that a training begins with.
 */
typedef struct
{
  char *path;
  JsonObject *description;
  char *temporary;
} SbPretrained;

SbPretrained *sb_pretrained_open_channel (const char *channel, GError **error);
SbPretrained *sb_pretrained_find (int n_layers, GError **error);
void sb_pretrained_free (SbPretrained *self);
gboolean
sb_pretrained_load (const SbPretrained *self, SbNet *net, gboolean with_head, GError **error);
char *sb_pretrained_get_bundled (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbPretrained, sb_pretrained_free)

G_END_DECLS
