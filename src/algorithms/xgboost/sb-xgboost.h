/* sb-xgboost.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>
#include <xgboost/c_api.h>

#include "formats/sb-sparse.h"

G_BEGIN_DECLS

/**
 * SbXgboostError:
 * @SB_XGBOOST_ERROR_FAILED: libxgboost's own message
 */
typedef enum
{
  SB_XGBOOST_ERROR_FAILED,
} SbXgboostError;

#define SB_XGBOOST_ERROR (sb_xgboost_error_quark ())

GQuark sb_xgboost_error_quark (void);
gboolean sb_xgboost_check (int code, GError **error);
char *sb_xgboost_array (const void *data, guint64 length, const char *type);

SbSparse *sb_xgboost_load_channel (const char *channel, gboolean csv_weights, GError **error);
DMatrixHandle sb_xgboost_make_matrix (const SbSparse *data, guint32 n_columns, GError **error);

int sb_xgboost_train (void);
int sb_xgboost_serve (void);

G_END_DECLS
