/* sb-classify-serve.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a request may be:
 *
 * - application/x-image or image/…: one image. The answer is a JSON array with a probability for
 *   each class or, if application/jsonlines is accepted, {"prediction": [...]}, as SageMaker's
 *   container gives it.
 * - application/json: {"instances": [...]} of images in Base64, each as text or as {"data": text}.
 *   The answer is {"predictions": [[...], ...]}.
 * - application/jsonlines: a line for each image, as text or as {"data": text}; and
 *   application/x-recordio: image records of MXNet's im2rec. The answer has a line for each image,
 *   or is as for application/json if that is accepted.
 *
 * Photos are decoded in threads of their own, while the network computes what came before: a photo
 * of many megapixels makes nobody wait but the one who sent it.
 */

#include "config.h"

#include <omp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/contract/sb-serve.h"
#include "algorithms/vision/sb-classify.h"
#include "algorithms/vision/sb-graph.h"
#include "algorithms/vision/sb-input.h"
#include "formats/sb-recordio.h"
#include "wire/sb-json.h"

/* Images in one request. */
#define MAX_IMAGES 256
/* A large photo in the making takes much memory: no more of them at once. */
#define MAX_THREADS 2
/* Numbers that a batch of inputs may have. */
#define MAX_NUMBERS (16 * 3 * 224 * 224)

/* A graph of some images computes for all of them, even if it is given fewer. */
static const int batches[] = { 1, 4, 16, 64 };

typedef enum
{
  FORM_IMAGE,
  FORM_JSON,
  FORM_LINES,
  FORM_RECORDS,
} Form;

typedef struct
{
  SbNet *net;
  SbLoaderOptions input;
  gboolean multi_label;
  SbGraph *graphs[G_N_ELEMENTS (batches)];
  GThreadPool *pool;
  GAsyncQueue *ready; /* Job */
} Model;

/* A request, from when it came until it is answered. */
typedef struct
{
  SbServeAnswer *answer;
  Form form;
  gboolean lines; /* whether the answer is JSON lines */
  char *body;
  gsize length;
  GByteArray *pixels; /* the inputs of its images, 8 bits each */
  guint n;
  char *problem; /* NULL if all is well */
} Job;

static void
job_free (Job *self)
{
  g_free (self->body);
  g_byte_array_unref (self->pixels);
  g_free (self->problem);
  g_free (self);
}

static gboolean
add_image (const Model *model, Job *job, const void *data, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbPhoto) photo = NULL;
  gsize size = sb_input_get_n_values (&model->input);

  if (job->n >= MAX_IMAGES)
    {
      job->problem = g_strdup_printf ("There are more than %d images in the request", MAX_IMAGES);
      return FALSE;
    }
  photo = sb_input_decode (&model->input, data, length, &error);
  if (photo == NULL)
    {
      job->problem = g_strdup_printf ("Image %u cannot be read; a JPEG or PNG is expected: %s",
                                      job->n,
                                      error->message);
      return FALSE;
    }
  g_byte_array_set_size (job->pixels, (guint) ((job->n + 1) * size));
  sb_input_render (&model->input, photo, NULL, job->pixels->data + job->n * size);
  job->n++;
  return TRUE;
}

/* "…" or {"data": "…"}. */
static gboolean
add_node (const Model *model, Job *job, JsonNode *node)
{
  const char *text = NULL;
  g_autofree guchar *data = NULL;
  gsize length;

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    text = sb_json_get_string (json_node_get_object (node), "data", NULL);
  else if (node != NULL && JSON_NODE_HOLDS_VALUE (node))
    text = json_node_get_string (node);
  if (text == NULL)
    {
      job->problem = g_strdup_printf (
          "Image %u is neither text in Base64 nor an object with such text as \"data\"", job->n);
      return FALSE;
    }
  data = g_base64_decode (text, &length);
  return add_image (model, job, data, length);
}

static void
read_json (const Model *model, Job *job)
{
  g_autoptr (JsonObject) json = sb_json_parse_object (job->body, (gssize) job->length, NULL);
  JsonArray *instances = json != NULL ? sb_json_get_array (json, "instances") : NULL;

  if (instances == NULL || json_array_get_length (instances) == 0)
    {
      job->problem = g_strdup ("Expected {\"instances\": [image, …]}, each image in Base64");
      return;
    }
  for (guint i = 0; i < json_array_get_length (instances); i++)
    if (!add_node (model, job, json_array_get_element (instances, i)))
      return;
}

static void
read_lines (const Model *model, Job *job)
{
  const char *at = job->body, *end = job->body + job->length;

  while (at < end)
    {
      const char *next = memchr (at, '\n', (gsize) (end - at));
      gsize length = next != NULL ? (gsize) (next - at) : (gsize) (end - at);
      g_autofree char *line = g_strstrip (g_strndup (at, length));
      g_autoptr (JsonNode) node = *line != '\0' ? sb_json_parse (line, -1, NULL) : NULL;

      if (*line != '\0' && !add_node (model, job, node))
        return;
      at += length + 1;
    }
  if (job->n == 0)
    job->problem = g_strdup ("Expected a line for each image, in Base64");
}

/* The reader is for files; this one is in memory. */
static SbRecordReader *
open_records (const Job *job, int *fd, GError **error)
{
  g_autofree char *path = NULL;
  gsize written = 0;

  *fd = memfd_create ("records", MFD_CLOEXEC);
  path = g_strdup_printf ("/proc/self/fd/%d", *fd);
  while (*fd >= 0 && written < job->length)
    {
      gssize n = write (*fd, job->body + written, job->length - written);

      if (n <= 0)
        break;
      written += (gsize) n;
    }
  return sb_record_reader_open (path, error);
}

static void
read_records (const Model *model, Job *job)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  int fd;
  g_autoptr (SbRecordReader) reader = open_records (job, &fd, &error);
  SbImageRecord record;

  while (job->problem == NULL && reader != NULL && sb_record_reader_next (reader, bytes, &error))
    if (sb_image_record_parse (&record, bytes->data, bytes->len, &error))
      add_image (model, job, record.data, record.length);
    else
      break;
  if (error != NULL && job->problem == NULL)
    job->problem = g_strdup_printf ("The records cannot be read: %s", error->message);
  if (job->problem == NULL && job->n == 0)
    job->problem = g_strdup ("There are no records in the request");
  if (fd >= 0)
    close (fd);
}

/* In a thread of the pool. */
static void
decode (gpointer data, gpointer user_data)
{
  Job *job = data;
  Model *model = user_data;

  switch (job->form)
    {
    case FORM_JSON:
      read_json (model, job);
      break;
    case FORM_LINES:
      read_lines (model, job);
      break;
    case FORM_RECORDS:
      read_records (model, job);
      break;
    case FORM_IMAGE:
    default:
      add_image (model, job, job->body, job->length);
    }
  g_async_queue_push (model->ready, job);
  sb_serve_wake ();
}

static gboolean
fits (const Model *self, guint i)
{
  return i == 0 || sb_input_get_n_values (&self->input) * (gsize) batches[i] <= (gsize) MAX_NUMBERS;
}

/* The largest that is filled by @n images. */
static SbGraph *
get_graph (Model *self, guint n, GError **error)
{
  guint i = 0;

  while (i + 1 < G_N_ELEMENTS (batches) && (guint) batches[i + 1] <= n && fits (self, i + 1))
    i++;
  if (self->graphs[i] == NULL)
    self->graphs[i] = sb_graph_new (self->net, batches[i], SB_GRAPH_INFERENCE, error);
  return self->graphs[i];
}

static void
append_probabilities (const Model *self, GString *body, const SbGraph *graph, int row)
{
  int n = self->net->n_classes;
  g_autofree float *probabilities = g_new (float, n);
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (self->multi_label)
    sb_graph_get_probabilities_multi (graph, row, probabilities);
  else
    sb_graph_get_probabilities (graph, row, probabilities);
  for (int i = 0; i < n; i++)
    {
      g_string_append (body, i > 0 ? ", " : "[");
      g_string_append (body, g_ascii_formatd (number, sizeof number, "%.9g", probabilities[i]));
    }
  g_string_append_c (body, ']');
}

/* What is around the probabilities of image @index of a request: before them, or behind. */
static void
append_frame (const Job *job, guint index, gboolean before, GString *body)
{
  if (job->lines)
    g_string_append (body, before ? "{\"prediction\": " : job->form == FORM_IMAGE ? "}" : "}\n");
  else if (job->form != FORM_IMAGE && before)
    g_string_append (body, index == 0 ? "{\"predictions\": [" : ", ");
  else if (job->form != FORM_IMAGE && index + 1 == job->n)
    g_string_append (body, "]}");
}

/* An image that waits: whose it is, and which one of that request. */
typedef struct
{
  Job *job;
  guint index;
} Waiting;

/* Computes some images at once and writes their answers. */
static void
compute (Model *self, SbGraph *graph, const Waiting *images, guint n, GError **error)
{
  gsize size = sb_input_get_n_values (&self->input);

  for (guint i = 0; i < n; i++)
    sb_input_normalize (&self->input,
                        images[i].job->pixels->data + images[i].index * size,
                        sb_graph_get_input (graph) + i * size);
  if (!sb_graph_forward (graph, error))
    return;
  for (guint i = 0; i < n; i++)
    {
      GString *body = images[i].job->answer->body;

      append_frame (images[i].job, images[i].index, TRUE, body);
      append_probabilities (self, body, graph, (int) i);
      append_frame (images[i].job, images[i].index, FALSE, body);
    }
}

static void
compute_all (Model *self, const GArray *images, GError **error)
{
  GError *local = NULL;

  for (guint at = 0; at < images->len && local == NULL;)
    {
      SbGraph *graph = get_graph (self, images->len - at, &local);
      guint n = graph != NULL ? (guint) sb_graph_get_batch (graph) : 0;

      if (graph != NULL)
        compute (self, graph, &g_array_index (images, Waiting, at), n, &local);
      at += n;
    }
  if (local != NULL)
    g_propagate_error (error, local);
}

/* Answers all whose photos are decoded, with as few passes as possible. */
static void
answer_jobs (gpointer data)
{
  Model *self = data;
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func ((GDestroyNotify) job_free);
  g_autoptr (GArray) images = g_array_new (FALSE, FALSE, sizeof (Waiting));
  g_autoptr (GError) error = NULL;
  Job *job;

  while ((job = g_async_queue_try_pop (self->ready)) != NULL)
    {
      g_ptr_array_add (jobs, job);
      for (guint i = 0; i < job->n && job->problem == NULL; i++)
        {
          Waiting image = { job, i };

          g_array_append_val (images, image);
        }
    }
  compute_all (self, images, &error);
  for (guint i = 0; i < jobs->len; i++)
    {
      job = g_ptr_array_index (jobs, i);
      job->answer->deferred = FALSE;
      if (job->problem != NULL)
        sb_serve_fail (job->answer, 400, "%s", job->problem);
      else if (error != NULL)
        sb_serve_fail (job->answer, 500, "%s", error->message);
    }
}

static gboolean
find_form (const char *type, Form *form)
{
  static const struct
  {
    const char *type;
    Form form;
  } forms[] = {
    { "application/x-image", FORM_IMAGE },
    { "application/json", FORM_JSON },
    { "application/jsonlines", FORM_LINES },
    { "application/x-recordio", FORM_RECORDS },
  };

  *form = FORM_IMAGE;
  if (type == NULL || g_str_has_prefix (type, "image/"))
    return type != NULL;
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    if (strcmp (type, forms[i].type) == 0)
      {
        *form = forms[i].form;
        return TRUE;
      }
  return FALSE;
}

/* Whether the answer is JSON lines; FALSE when it can be nothing that is accepted. */
static gboolean
choose_answer (const char *accept, Form form, gboolean *lines)
{
  gboolean any = accept == NULL || *accept == '\0' || strstr (accept, "*/*") != NULL;

  if (accept != NULL && strstr (accept, "application/jsonlines") != NULL)
    *lines = TRUE;
  else if (accept != NULL && strstr (accept, "application/json") != NULL)
    *lines = FALSE;
  else
    *lines = form == FORM_LINES || form == FORM_RECORDS;
  return any || strstr (accept, "application/json") != NULL ||
         strstr (accept, "application/*") != NULL;
}

static void
invoke (const SbServeRequest *request, SbServeAnswer *answer, gpointer data)
{
  Model *self = data;
  gboolean lines;
  Form form;
  Job *job;

  if (!find_form (request->content_type, &form))
    {
      sb_serve_fail (answer,
                     415,
                     "Expected application/x-image, image/jpeg, image/png, application/json, "
                     "application/jsonlines or application/x-recordio; %s came",
                     request->content_type != NULL ? request->content_type : "nothing");
      return;
    }
  if (!choose_answer (request->accept, form, &lines))
    {
      sb_serve_fail (answer,
                     406,
                     "The answer is application/json or application/jsonlines; only %s is accepted",
                     request->accept);
      return;
    }
  job = g_new0 (Job, 1);
  job->answer = answer;
  job->form = form;
  job->lines = lines;
  job->body = g_memdup2 (request->body, request->length);
  job->length = request->length;
  job->pixels = g_byte_array_new ();
  answer->content_type = lines ? "application/jsonlines" : "application/json";
  answer->deferred = TRUE;
  g_thread_pool_push (self->pool, job, NULL);
}

static gboolean
load (Model *self, GError **error)
{
  g_autofree char *folder = sb_contract_path ("model", NULL);
  g_autoptr (JsonObject) json = NULL;
  JsonObject *preprocessing;

  self->net = sb_net_load (folder, &json, error);
  if (self->net == NULL)
    return FALSE;
  preprocessing = sb_json_get_object (json, "preprocessing");
  if (preprocessing != NULL)
    {
      if (!sb_loader_options_from_json (&self->input, preprocessing, error))
        return FALSE;
    }
  else
    sb_loader_options_init (&self->input, self->net->channels, self->net->height, self->net->width);
  self->multi_label = sb_json_get_bool (json, "multi_label", FALSE);
  if (self->input.channels == self->net->channels && self->input.height == self->net->height &&
      self->input.width == self->net->width)
    return get_graph (self, 1, error) != NULL;
  g_set_error (error,
               SB_NET_ERROR,
               SB_NET_ERROR_INVALID,
               "The network takes other images than model.json says");
  return FALSE;
}

/**
 * sb_classify_serve:
 *
 * Returns: an exit code
 */
int
sb_classify_serve (void)
{
  g_autoptr (GError) error = NULL;
  guint threads = sb_contract_get_n_threads ();
  Model self = { 0 };
  int code = 1;
  Job *job;

  omp_set_num_threads ((int) threads);
  if (load (&self, &error))
    {
      self.ready = g_async_queue_new ();
      self.pool = g_thread_pool_new (decode, &self, (int) MIN (threads, MAX_THREADS), TRUE, NULL);
      code = sb_serve_run (invoke, answer_jobs, &self);
      g_thread_pool_free (self.pool, TRUE, TRUE);
      while ((job = g_async_queue_try_pop (self.ready)) != NULL)
        job_free (job);
      g_async_queue_unref (self.ready);
    }
  else
    sb_contract_say ("The model cannot be loaded: %s", error->message);
  for (guint i = 0; i < G_N_ELEMENTS (batches); i++)
    g_clear_pointer (&self.graphs[i], sb_graph_free);
  g_clear_pointer (&self.net, sb_net_free);
  return code;
}
