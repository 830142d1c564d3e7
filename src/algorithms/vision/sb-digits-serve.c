/* sb-digits-serve.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/contract/sb-serve.h"
#include "algorithms/vision/sb-digits.h"
#include "algorithms/vision/sb-graph.h"
#include "formats/sb-npy.h"
#include "formats/sb-picture.h"

#define SIDE       28
#define SIZE       (SIDE * SIDE)
#define CLASSES    10
#define MAX_IMAGES 10000
/* With so many images waiting, more are not waited for. */
#define ENOUGH 1000

/* One image at once, or many: a graph computes as long for one of its rows as for all. */
static const int batches[] = { 1, 4, 8, 16, 128 };
/* Images after which answers are sent, so that others can be read and written meanwhile. */
#define STEP 8

/* A request whose images wait with those of others. */
typedef struct
{
  SbServeAnswer *answer;
  guint n;
} Job;

typedef struct
{
  SbNet *net;
  SbGraph *graphs[G_N_ELEMENTS (batches)];
  GArray *images; /* float, SIZE for each image that waits */
  GArray *jobs;   /* Job, in the order of their images */
} Model;

static SbGraph *
get_graph (Model *self, guint n, GError **error)
{
  guint i = 0;

  while (i + 1 < G_N_ELEMENTS (batches) && (guint) batches[i] < n)
    i++;
  if (self->graphs[i] == NULL)
    self->graphs[i] = sb_graph_new (self->net, batches[i], SB_GRAPH_INFERENCE, error);
  return self->graphs[i];
}

static void
append_prediction (GString *body, const SbGraph *graph, int row)
{
  float probabilities[CLASSES];
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  int best = 0;

  sb_graph_get_probabilities (graph, row, probabilities);
  for (int i = 1; i < CLASSES; i++)
    if (probabilities[i] > probabilities[best])
      best = i;
  g_string_append (body, body->len == 0 ? "{\"predictions\": [" : ", ");
  g_string_append_printf (body, "{\"classes\": %d, \"probabilities\": [", best);
  for (int i = 0; i < CLASSES; i++)
    {
      g_ascii_formatd (number, sizeof number, "%.9g", probabilities[i]);
      g_string_append_printf (body, "%s%s", i > 0 ? ", " : "", number);
    }
  g_string_append (body, "]}");
}

/* Reads images from @first to before @end, as many as a graph takes at once; returns it, or NULL.
 */
static SbGraph *
compute (Model *self, guint first, guint end, GError **error)
{
  guint n = end - first;
  SbGraph *graph = get_graph (self, n, error);

  if (graph == NULL)
    return NULL;
  memcpy (sb_graph_get_input (graph),
          &g_array_index (self->images, float, (gsize) first *SIZE),
          (gsize) MIN (n, (guint) sb_graph_get_batch (graph)) * SIZE * sizeof (float));
  return sb_graph_forward (graph, error) ? graph : NULL;
}

/* Answers those that have waited longest, whosever images they are, with as few passes as possible;
 * the others when answers have been sent and requests read. */
static void
answer_jobs (gpointer data)
{
  Model *self = data;
  g_autoptr (GError) error = NULL;
  SbGraph *graph = NULL;
  guint image = 0, begin = 0, end = 0, n_jobs = 0;

  while (n_jobs < self->jobs->len && end < STEP)
    end += g_array_index (self->jobs, Job, n_jobs++).n;
  for (guint i = 0; i < n_jobs; i++)
    {
      const Job *job = &g_array_index (self->jobs, Job, i);

      for (guint k = 0; k < job->n && error == NULL; k++, image++)
        {
          if (graph == NULL || image - begin == (guint) sb_graph_get_batch (graph))
            {
              begin = image;
              graph = compute (self, begin, end, &error);
            }
          if (graph != NULL)
            append_prediction (job->answer->body, graph, (int) (image - begin));
        }
      job->answer->deferred = FALSE;
      if (error != NULL)
        sb_serve_fail (job->answer, 500, "%s", error->message);
      else
        g_string_append (job->answer->body, "]}");
    }
  g_array_remove_range (self->jobs, 0, n_jobs);
  g_array_remove_range (self->images, 0, end * SIZE);
  if (self->jobs->len > 0)
    sb_serve_wake ();
}

/* Each image from 0 to 1, or from 0 to 255 where any of its values is above 1. */
static gboolean
normalize (GArray *images, guint begin, SbServeAnswer *answer)
{
  for (guint first = begin; first < images->len; first += SIZE)
    {
      float *image = &g_array_index (images, float, first);
      float most = 0, least = 0;

      for (guint i = 0; i < SIZE; i++)
        {
          most = MAX (most, image[i]);
          least = MIN (least, image[i]);
        }
      if (least < 0 || most > 255 || !isfinite (most))
        {
          sb_serve_fail (answer,
                         400,
                         "Pixels have to be from 0 to 1, or from 0 to 255; image %u has %g",
                         (first - begin) / SIZE,
                         least < 0 ? least : most);
          return FALSE;
        }
      for (guint i = 0; most > 1 && i < SIZE; i++)
        image[i] /= 255;
    }
  return TRUE;
}

typedef struct
{
  const char *at;
  const char *end;
} Scanner;

static char
peek (Scanner *scanner)
{
  while (scanner->at < scanner->end && g_ascii_isspace (*scanner->at))
    scanner->at++;
  return scanner->at < scanner->end ? *scanner->at : '\0';
}

static gboolean
take (Scanner *scanner, char wanted)
{
  if (peek (scanner) != wanted)
    return FALSE;
  scanner->at++;
  return TRUE;
}

static gboolean
take_number (Scanner *scanner, float *value)
{
  char text[64];
  char *rest;
  gsize length;
  guint whole = 0;
  const char *at;

  peek (scanner);
  /* Most pixels are small whole numbers. */
  for (at = scanner->at; at < scanner->end && at - scanner->at < 4 && g_ascii_isdigit (*at); at++)
    whole = 10 * whole + (guint) (*at - '0');
  if (at > scanner->at && at < scanner->end && (*at == ',' || *at == ']'))
    {
      *value = (float) whole;
      scanner->at = at;
      return TRUE;
    }
  length = MIN ((gsize) (scanner->end - scanner->at), sizeof text - 1);
  memcpy (text, scanner->at, length);
  text[length] = '\0';
  if (!g_ascii_isdigit (*text) && *text != '-')
    return FALSE;
  *value = (float) g_ascii_strtod (text, &rest);
  scanner->at += rest - text;
  return rest != text && isfinite (*value);
}

/* Numbers, in arrays as deep as they like; returns how many, or -1. */
static int
take_array (Scanner *scanner, GArray *images, int depth)
{
  int count = 0;

  if (depth > 4 || !take (scanner, '['))
    return -1;
  if (take (scanner, ']'))
    return 0;
  do
    {
      float value;
      int inner;

      if (peek (scanner) == '[')
        {
          inner = take_array (scanner, images, depth + 1);
          if (inner < 0)
            return -1;
          count += inner;
        }
      else if (take_number (scanner, &value))
        {
          g_array_append_val (images, value);
          count++;
        }
      else
        return -1;
      if (count > SIZE)
        return -1;
    }
  while (take (scanner, ','));
  return take (scanner, ']') ? count : -1;
}

static gboolean
fail_json (SbServeAnswer *answer, guint index)
{
  sb_serve_fail (answer,
                 400,
                 "Expected {\"instances\": [image, …]}, each image 28 by 28 or 784 numbers; image "
                 "%u is something else",
                 index);
  return FALSE;
}

static gboolean
read_json (Model *self, const SbServeRequest *request, SbServeAnswer *answer)
{
  Scanner scanner = { request->body, request->body + request->length };
  static const char key[] = "\"instances\"";
  guint n = 0;

  if (!take (&scanner, '{') || peek (&scanner) != '"' ||
      scanner.end - scanner.at < (gssize) strlen (key) ||
      memcmp (scanner.at, key, strlen (key)) != 0)
    return fail_json (answer, 0);
  scanner.at += strlen (key);
  if (!take (&scanner, ':') || !take (&scanner, '['))
    return fail_json (answer, 0);
  do
    if (n >= MAX_IMAGES || take_array (&scanner, self->images, 0) != SIZE)
      return fail_json (answer, n);
    else
      n++;
  while (take (&scanner, ','));
  if (!take (&scanner, ']') || !take (&scanner, '}') || peek (&scanner) != '\0')
    return fail_json (answer, n);
  return TRUE;
}

static gboolean
fail_npy (SbServeAnswer *answer, const char *reason)
{
  sb_serve_fail (answer,
                 400,
                 "Expected a .npy array of 28 by 28 or 784 numbers, or of several such: %s",
                 reason);
  return FALSE;
}

static gboolean
read_npy (Model *self, const SbServeRequest *request, SbServeAnswer *answer)
{
  g_autoptr (GError) error = NULL;
  SbNpy array;

  if (!sb_npy_parse (&array, request->body, request->length, &error))
    return fail_npy (answer, error->message);
  if (array.count == 0 || array.count % SIZE != 0 || array.count / SIZE > MAX_IMAGES)
    return fail_npy (answer, "it has another shape");
  for (gsize i = 0; i < array.count; i++)
    {
      float value = (float) sb_npy_get (&array, i);

      g_array_append_val (self->images, value);
    }
  return TRUE;
}

static gboolean
read_image (Model *self, const SbServeRequest *request, SbServeAnswer *answer)
{
  g_autoptr (GError) error = NULL;
  float digit[SIZE];

  if (sb_picture_to_digit (request->body, request->length, digit, &error))
    {
      g_array_append_vals (self->images, digit, SIZE);
      return TRUE;
    }
  sb_serve_fail (answer, 400, "Expected an image, such as a PNG or JPEG: %s", error->message);
  return FALSE;
}

static void
invoke (const SbServeRequest *request, SbServeAnswer *answer, gpointer data)
{
  Model *self = data;
  const char *type = request->content_type != NULL ? request->content_type : "application/json";
  guint begin = self->images->len;
  gboolean fine;

  if (strcmp (type, "application/json") == 0)
    fine = read_json (self, request, answer);
  else if (strcmp (type, "application/x-npy") == 0)
    fine = read_npy (self, request, answer);
  else if (strcmp (type, "application/x-image") == 0 || g_str_has_prefix (type, "image/"))
    fine = read_image (self, request, answer);
  else
    {
      sb_serve_fail (answer,
                     415,
                     "Expected application/json, application/x-image or application/x-npy; "
                     "%s came",
                     type);
      return;
    }
  if (fine && normalize (self->images, begin, answer))
    {
      Job job = { answer, (self->images->len - begin) / SIZE };

      answer->content_type = "application/json";
      answer->deferred = TRUE;
      g_array_append_val (self->jobs, job);
      if (self->images->len / SIZE >= ENOUGH)
        answer_jobs (self);
    }
  else
    g_array_set_size (self->images, begin);
}

/**
 * sb_digits_serve:
 *
 * Returns: an exit code
 */
int
sb_digits_serve (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = sb_contract_path ("model", NULL);
  Model self = { .net = sb_net_load (folder, NULL, &error) };
  int code;

  if (self.net != NULL && (self.net->channels != 1 || self.net->height != SIDE ||
                           self.net->width != SIDE || self.net->n_classes != CLASSES))
    g_set_error (&error, SB_NET_ERROR, SB_NET_ERROR_INVALID, "This is no model of digits");
  omp_set_num_threads ((int) sb_contract_get_n_threads ());
  if (error == NULL)
    get_graph (&self, 1, &error);
  if (error != NULL)
    {
      sb_contract_say ("The model cannot be loaded: %s", error->message);
      g_clear_pointer (&self.net, sb_net_free);
      return 1;
    }
  self.images = g_array_new (FALSE, TRUE, sizeof (float));
  self.jobs = g_array_new (FALSE, FALSE, sizeof (Job));
  code = sb_serve_run (invoke, answer_jobs, &self);
  for (guint i = 0; i < G_N_ELEMENTS (batches); i++)
    g_clear_pointer (&self.graphs[i], sb_graph_free);
  g_array_unref (self.images);
  g_array_unref (self.jobs);
  sb_net_free (self.net);
  return code;
}
