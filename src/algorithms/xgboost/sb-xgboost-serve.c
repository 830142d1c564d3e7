/* sb-xgboost-serve.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/contract/sb-serve.h"
#include "algorithms/xgboost/sb-xgboost.h"

/* Waking threads costs more than a few thousand rows do. */
#define ROWS_PER_THREAD 2000
#define PREDICT_CONFIG                                                                             \
  "{\"type\":0,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"missing\":NaN,"      \
  "\"strict_shape\":false,\"cache_id\":0}"

typedef struct
{
  BoosterHandle booster;
  bst_ulong n_features;
  gboolean linear;
  guint max_threads;
  guint threads; /* as set now */
} Model;

typedef enum
{
  FORMAT_CSV,
  FORMAT_JSON,
  FORMAT_JSONLINES,
} Format;

static char *
find_model_file (GError **error)
{
  g_autofree char *folder = sb_contract_path ("model", NULL);
  g_autofree char *usual = g_build_filename (folder, "xgboost-model", NULL);
  g_autofree char *only = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;
  guint count = 0;

  if (g_file_test (usual, G_FILE_TEST_IS_REGULAR))
    return g_steal_pointer (&usual);
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
        continue;
      count++;
      g_free (only);
      only = g_steal_pointer (&path);
    }
  if (count == 1)
    return g_steal_pointer (&only);
  g_set_error (error,
               SB_XGBOOST_ERROR,
               SB_XGBOOST_ERROR_FAILED,
               "The model archive has to hold the file “xgboost-model”, or just one file");
  return NULL;
}

/* A Python pickle begins with its protocol; what it holds is a program, not a model. */
static gboolean
is_pickle (GMappedFile *file)
{
  const guchar *data = (const guchar *) g_mapped_file_get_contents (file);

  return g_mapped_file_get_length (file) > 2 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5;
}

static gboolean
load_model (Model *self, GError **error)
{
  g_autofree char *path = find_model_file (error);
  g_autoptr (GMappedFile) file = path != NULL ? g_mapped_file_new (path, FALSE, error) : NULL;

  if (file == NULL)
    return FALSE;
  if (is_pickle (file))
    {
      g_set_error (error,
                   SB_XGBOOST_ERROR,
                   SB_XGBOOST_ERROR_FAILED,
                   "%s is a Python pickle; save the model with Booster.save_model() instead",
                   path);
      return FALSE;
    }
  self->max_threads = sb_contract_get_n_threads ();
  if (!sb_xgboost_check (XGBoosterCreate (NULL, 0, &self->booster), error) ||
      !sb_xgboost_check (XGBoosterLoadModelFromBuffer (self->booster,
                                                       g_mapped_file_get_contents (file),
                                                       g_mapped_file_get_length (file)),
                         error))
    return FALSE;
  return sb_xgboost_check (XGBoosterGetNumFeature (self->booster, &self->n_features), error);
}

static void
use_threads (Model *self, guint64 rows)
{
  guint wanted = (guint) CLAMP (rows / ROWS_PER_THREAD, 1, self->max_threads);
  char text[16];

  if (wanted == self->threads)
    return;
  g_snprintf (text, sizeof text, "%u", wanted);
  XGBoosterSetParam (self->booster, "nthread", text);
  self->threads = wanted;
}

static gboolean
predict_in_place (Model *self,
                  const SbSparse *data,
                  const bst_ulong **shape,
                  bst_ulong *dimensions,
                  const float **scores)
{
  g_autofree char *offsets = sb_xgboost_array (data->offsets->data, data->offsets->len, "<u8");
  g_autofree char *indices = sb_xgboost_array (data->indices->data, data->indices->len, "<u4");
  g_autofree char *values = sb_xgboost_array (data->values->data, data->values->len, "<f4");

  return XGBoosterPredictFromCSR (self->booster,
                                  offsets,
                                  indices,
                                  values,
                                  self->n_features,
                                  PREDICT_CONFIG,
                                  NULL,
                                  shape,
                                  dimensions,
                                  scores) == 0;
}

/* The linear booster predicts from a matrix only. */
static gboolean
predict_from_matrix (Model *self,
                     const SbSparse *data,
                     const bst_ulong **shape,
                     bst_ulong *dimensions,
                     const float **scores)
{
  DMatrixHandle matrix = sb_xgboost_make_matrix (data, (guint32) self->n_features, NULL);
  gboolean done;

  if (matrix == NULL)
    return FALSE;
  done = XGBoosterPredictFromDMatrix (
             self->booster, matrix, PREDICT_CONFIG, shape, dimensions, scores) == 0;
  XGDMatrixFree (matrix);
  return done;
}

static gboolean
parse_accept (const char *accept, Format *format)
{
  if (accept == NULL || *accept == '\0' || strstr (accept, "*/*") != NULL ||
      strstr (accept, "text/csv") != NULL)
    *format = FORMAT_CSV;
  else if (strstr (accept, "application/jsonlines") != NULL)
    *format = FORMAT_JSONLINES;
  else if (strstr (accept, "application/json") != NULL)
    *format = FORMAT_JSON;
  else
    return FALSE;
  return TRUE;
}

static void
append_score (GString *out, const float *scores, bst_ulong n, Format format)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (n > 1 && format != FORMAT_CSV)
    g_string_append_c (out, '[');
  for (bst_ulong i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      g_string_append (out, g_ascii_formatd (buffer, sizeof buffer, "%.9g", scores[i]));
    }
  if (n > 1 && format != FORMAT_CSV)
    g_string_append_c (out, ']');
}

static void
write_scores (SbServeAnswer *answer,
              const float *scores,
              bst_ulong rows,
              bst_ulong n,
              Format format)
{
  static const char *const types[] = { "text/csv; charset=utf-8",
                                       "application/json",
                                       "application/jsonlines" };

  answer->content_type = types[format];
  if (format == FORMAT_JSON)
    g_string_append (answer->body, "{\"predictions\":[");
  for (bst_ulong i = 0; i < rows; i++)
    {
      if (i > 0)
        g_string_append_c (answer->body, format == FORMAT_JSON ? ',' : '\n');
      if (format != FORMAT_CSV)
        g_string_append (answer->body, "{\"score\":");
      append_score (answer->body, scores + i * n, n, format);
      if (format != FORMAT_CSV)
        g_string_append_c (answer->body, '}');
    }
  if (format == FORMAT_JSON)
    g_string_append (answer->body, "]}");
}

static gboolean
parse_body (Model *self, const SbServeRequest *request, SbSparse *data, GError **error)
{
  gboolean csv = strcmp (request->content_type, "text/csv") == 0;
  gboolean done =
      csv ? sb_numeric_csv_parse (
                data, request->body, request->length, "payload", SB_CSV_DEFAULT, error)
          : sb_libsvm_parse_features (data, request->body, request->length, "payload", error);

  if (!done)
    return FALSE;
  if (csv ? data->n_columns == self->n_features : data->n_columns <= self->n_features)
    return TRUE;
  g_set_error (error,
               SB_FORMAT_ERROR,
               SB_FORMAT_ERROR_INVALID,
               "Feature size of csv inference data %u is not consistent with feature size of "
               "trained model %u.",
               data->n_columns,
               (guint) self->n_features);
  return FALSE;
}

static gboolean
is_known_type (const char *type)
{
  return type != NULL && (strcmp (type, "text/csv") == 0 || strcmp (type, "text/libsvm") == 0 ||
                          strcmp (type, "text/x-libsvm") == 0);
}

static gboolean
is_blank (const SbServeRequest *request)
{
  for (gsize i = 0; i < request->length; i++)
    if (!g_ascii_isspace (request->body[i]))
      return FALSE;
  return TRUE;
}

static void
invoke (const SbServeRequest *request, SbServeAnswer *answer, gpointer data)
{
  Model *self = data;
  g_autoptr (SbSparse) rows = NULL;
  g_autoptr (GError) error = NULL;
  const bst_ulong *shape;
  bst_ulong dimensions;
  const float *scores;
  Format format = FORMAT_CSV;
  guint64 n;

  if (is_blank (request))
    answer->status = 204;
  else if (!is_known_type (request->content_type))
    sb_serve_fail (answer,
                   415,
                   "Content type must be either libsvm or csv: text/csv, text/libsvm, "
                   "text/x-libsvm.");
  else if (!parse_accept (request->accept, &format))
    sb_serve_fail (answer, 406, "Accept type %s is not supported.", request->accept);
  if (answer->status != 200)
    return;
  rows = sb_sparse_new ();
  if (!parse_body (self, request, rows, &error))
    {
      sb_serve_fail (answer, 400, "Unable to evaluate payload provided: %s", error->message);
      return;
    }
  n = sb_sparse_get_n_rows (rows);
  use_threads (self, n);
  if (!self->linear && !predict_in_place (self, rows, &shape, &dimensions, &scores))
    self->linear = TRUE;
  else if (!self->linear)
    {
      write_scores (answer, scores, n, dimensions > 1 ? shape[1] : 1, format);
      return;
    }
  if (predict_from_matrix (self, rows, &shape, &dimensions, &scores))
    write_scores (answer, scores, n, dimensions > 1 ? shape[1] : 1, format);
  else
    sb_serve_fail (answer, 400, "Unable to evaluate payload provided: %s", XGBGetLastError ());
}

/**
 * sb_xgboost_serve:
 *
 * Returns: the program's exit status
 */
int
sb_xgboost_serve (void)
{
  Model self = { 0 };
  g_autoptr (GError) error = NULL;
  int status = 1;

  if (load_model (&self, &error))
    status = sb_serve_run (invoke, NULL, &self);
  else
    fprintf (stderr, "%s\n", error->message);
  if (self.booster != NULL)
    XGBoosterFree (self.booster);
  return status;
}
