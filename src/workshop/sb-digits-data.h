/* sb-digits-data.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Digits as the steps of a run hand them on: four IDX files.
 */

#pragma once

#include "formats/sb-idx.h"
#include "formats/sb-picture.h"
#include "workshop/sb-work.h"

G_BEGIN_DECLS

gboolean sb_digits_load_pair (const char *images,
                              const char *labels,
                              SbIdx **out_images,
                              SbIdx **out_labels,
                              GError **error);
gboolean sb_digits_load_part (SbWork *work,
                              const char *part,
                              SbIdx **images,
                              SbIdx **labels,
                              GError **error);
const char *sb_digits_get_mark (SbWork *work);
JsonArray *sb_digits_list_names (void);
void sb_digits_add_fact (JsonArray *facts, const char *name, guint value);
JsonObject *sb_digits_keep (SbWork *work,
                            const char *name,
                            const SbIdx *images,
                            const SbIdx *labels,
                            const GArray *chosen,
                            GError **error);
JsonArray *sb_digits_ask (SbClient *client,
                          const char *endpoint,
                          const guint8 *pixels,
                          guint n,
                          GCancellable *cancellable,
                          GError **error);

G_END_DECLS
