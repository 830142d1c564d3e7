/* sb-lst.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * MXNet's lists of images (.lst): a line for each, with its number, its label or labels and its
 * file, and tabs between them.
 */

#pragma once

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

/**
 * SbLstFunc:
 * @index: number of the image, as the list has it
 * @labels: (array length=n_labels): its labels
 * @n_labels: how many, at least 1
 * @path: its file, from the folder that the list is about
 * @user_data: as given
 * @error: why to stop
 *
 * Returns: whether to go on
 */
typedef gboolean (*SbLstFunc) (guint64 index,
                               const float *labels,
                               guint n_labels,
                               const char *path,
                               gpointer user_data,
                               GError **error);

gboolean sb_lst_read (const char *path, SbLstFunc func, gpointer user_data, GError **error);
void
sb_lst_append (GString *list, guint64 index, const float *labels, guint n_labels, const char *path);

G_END_DECLS
