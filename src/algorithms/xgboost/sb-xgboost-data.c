/* sb-xgboost-data.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/xgboost/sb-xgboost.h"

G_DEFINE_QUARK (sb - xgboost - error - quark, sb_xgboost_error)

/* Kept within the row's line of the message that a person reads. */
static char *
first_line (const char *message)
{
  const char *start = strstr (message, "Check failed");

  if (start == NULL)
    start = strstr (message, "] ") != NULL ? strstr (message, "] ") + 2 : message;
  return g_strndup (start, strcspn (start, "\n"));
}

/**
 * sb_xgboost_check:
 * @code: what a function of libxgboost returned
 * @error: %SB_XGBOOST_ERROR_FAILED with its message
 *
 * Returns: whether it succeeded
 */
gboolean
sb_xgboost_check (int code, GError **error)
{
  g_autofree char *message = NULL;

  if (code == 0)
    return TRUE;
  message = first_line (XGBGetLastError ());
  g_set_error (error, SB_XGBOOST_ERROR, SB_XGBOOST_ERROR_FAILED, "XGBoost: %s", message);
  return FALSE;
}

/**
 * sb_xgboost_array:
 * @data: numbers
 * @length: how many
 * @type: NumPy's name of their type, such as "<f4"
 *
 * Returns: (transfer full): the array interface by which libxgboost finds them
 */
char *
sb_xgboost_array (const void *data, guint64 length, const char *type)
{
  return g_strdup_printf ("{\"data\":[%" G_GUINTPTR_FORMAT ",true],\"shape\":[%" G_GUINT64_FORMAT
                          "],\"typestr\":\"%s\",\"version\":3}",
                          (guintptr) data,
                          length,
                          type);
}

static gboolean
is_csv (const char *type)
{
  return type != NULL && (strcmp (type, "text/csv") == 0 || strcmp (type, "csv") == 0);
}

static gboolean
is_libsvm (const char *type)
{
  return type == NULL || strcmp (type, "text/libsvm") == 0 || strcmp (type, "libsvm") == 0 ||
         strcmp (type, "text/x-libsvm") == 0;
}

/**
 * sb_xgboost_load_channel:
 * @channel: a channel
 * @csv_weights: whether the second column of CSV files is the weight
 * @error: %SB_FORMAT_ERROR_INVALID with file and line, or why a file cannot be read
 *
 * Returns: (transfer full) (nullable): the rows of all its files; %NULL without an error when the
 *   job has no such channel
 */
SbSparse *
sb_xgboost_load_channel (const char *channel, gboolean csv_weights, GError **error)
{
  g_autoptr (GPtrArray) files = sb_contract_list_channel (channel, error);
  g_autofree char *type = sb_contract_dup_content_type (channel);
  g_autoptr (SbSparse) data = NULL;

  if (files == NULL)
    return NULL;
  if (!is_csv (type) && !is_libsvm (type))
    {
      g_set_error (error,
                   SB_FORMAT_ERROR,
                   SB_FORMAT_ERROR_INVALID,
                   "ClientError: %s is not an accepted ContentType: csv, libsvm, text/csv, "
                   "text/libsvm, text/x-libsvm.",
                   type);
      return NULL;
    }
  data = sb_sparse_new ();
  for (guint i = 0; i < files->len; i++)
    {
      SbCsvFlags flags = SB_CSV_LABEL_FIRST | (csv_weights ? SB_CSV_WEIGHT_SECOND : 0);

      if (is_csv (type) ? !sb_numeric_csv_load (data, files->pdata[i], flags, error)
                        : !sb_libsvm_load (data, files->pdata[i], error))
        return NULL;
    }
  if (sb_sparse_get_n_rows (data) > 0)
    return g_steal_pointer (&data);
  g_set_error (error,
               SB_FORMAT_ERROR,
               SB_FORMAT_ERROR_INVALID,
               "ClientError: the channel “%s” has no rows",
               channel);
  return NULL;
}

static gboolean
set_info (DMatrixHandle matrix, const char *name, GArray *values, GError **error)
{
  if (values->len == 0)
    return TRUE;
  return sb_xgboost_check (
      XGDMatrixSetFloatInfo (matrix, name, (const float *) (gpointer) values->data, values->len),
      error);
}

/**
 * sb_xgboost_make_matrix:
 * @data: rows
 * @n_columns: how many columns the matrix gets
 * @error: %SB_XGBOOST_ERROR_FAILED
 *
 * Returns: (transfer full) (nullable): the matrix
 */
DMatrixHandle
sb_xgboost_make_matrix (const SbSparse *data, guint32 n_columns, GError **error)
{
  g_autofree char *offsets = sb_xgboost_array (data->offsets->data, data->offsets->len, "<u8");
  g_autofree char *indices = sb_xgboost_array (data->indices->data, data->indices->len, "<u4");
  g_autofree char *values = sb_xgboost_array (data->values->data, data->values->len, "<f4");
  DMatrixHandle matrix;

  if (!sb_xgboost_check (
          XGDMatrixCreateFromCSR (
              offsets, indices, values, n_columns, "{\"missing\":NaN,\"nthread\":0}", &matrix),
          error))
    return NULL;
  if (set_info (matrix, "label", data->labels, error) &&
      set_info (matrix, "weight", data->weights, error))
    return matrix;
  XGDMatrixFree (matrix);
  return NULL;
}
