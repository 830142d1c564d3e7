/* sb-command-predict.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "app/sb-command.h"
#include "cloud/sb-client.h"
#include "cloud/sb-engine-process.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-photo-ask.h"

#define IMAGE "application/x-image"
/* Classes of a photo that are named, and how likely they have to be. */
#define MAX_GUESSES 5
#define MIN_GUESS   0.005

typedef struct
{
  char *content_type;
  char *accept;
  char *connection;
  char *data_dir;
  gboolean json;
} Options;

/* By the ending of its name; what has none of these is asked for with --content-type. */
static const struct
{
  const char *ending;
  const char *type;
} types[] = {
  { ".csv", "text/csv" },
  { ".libsvm", "text/libsvm" },
  { ".json", "application/json" },
  { ".npy", "application/x-npy" },
  { ".png", IMAGE },
  { ".jpg", IMAGE },
  { ".jpeg", IMAGE },
  { ".bmp", IMAGE },
  { ".gif", IMAGE },
  { ".tif", IMAGE },
  { ".tiff", IMAGE },
  { ".webp", IMAGE },
};

static const char *
find_type (const Options *options, const char *path, GError **error)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  if (options->content_type != NULL)
    return options->content_type;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_has_suffix (lower, types[i].ending))
      return types[i].type;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               _ ("What “%s” is cannot be told by its name; say it with --content-type"),
               path);
  return NULL;
}

/* What digits are answered with is said in words; anything else is printed as it came. */
static gboolean
print_digits (const char *path, GBytes *body)
{
  g_autoptr (JsonObject) json = sb_json_parse_bytes (body, NULL);
  JsonArray *predictions = json != NULL ? sb_json_get_array (json, "predictions") : NULL;
  guint n = predictions != NULL ? json_array_get_length (predictions) : 0;

  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (predictions, i);
      JsonObject *one = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      JsonArray *values = one != NULL ? sb_json_get_array (one, "probabilities") : NULL;
      gint64 said = one != NULL ? sb_json_get_int (one, "classes", -1) : -1;

      if (values == NULL || said < 0 || said >= json_array_get_length (values))
        return FALSE;
      printf ("%s: %" G_GINT64_FORMAT " (%.1f %%)\n",
              path,
              said,
              100 * json_array_get_double_element (values, (guint) said));
    }
  return n > 0;
}

/* "bee.jpg: bees (97.1 %), ants (2.9 %)" */
static gboolean
print_photo (const char *path, GBytes *body, char **classes)
{
  g_autoptr (SbPhotoReading) reading = sb_photo_reading_parse (body);
  guint order[MAX_GUESSES], n, n_classes = g_strv_length (classes);

  if (reading == NULL)
    return FALSE;
  n = sb_photo_reading_rank (reading, order, MAX_GUESSES);
  printf ("%s: ", path);
  for (guint i = 0; i < n; i++)
    {
      double probability = reading->probabilities[order[i]];
      g_autofree char *number = g_strdup_printf ("%u", order[i]);

      if (i > 0 && probability < MIN_GUESS)
        break;
      printf ("%s%s (%.1f %%)",
              i == 0 ? "" : ", ",
              order[i] < n_classes ? classes[order[i]] : number,
              100 * probability);
    }
  putchar ('\n');
  return TRUE;
}

/* A photo that is too large for a request is made smaller. */
static GBytes *
read_request (const char *path, const char *type, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  char *data;
  gsize length;
  GBytes *body;

  if (!g_file_get_contents (path, &data, &length, error))
    return NULL;
  bytes = g_bytes_new_take (data, length);
  if (strcmp (type, IMAGE) != 0)
    return g_steal_pointer (&bytes);
  body = sb_photo_make_body (bytes, error);
  if (body == NULL)
    g_prefix_error (error, "%s: ", path);
  return body;
}

static gboolean
predict (SbClient *client,
         const Options *options,
         const char *endpoint,
         const char *path,
         char **classes,
         GError **error)
{
  const char *type = find_type (options, path, error);
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GBytes) request = type != NULL ? read_request (path, type, error) : NULL;
  g_autoptr (GBytes) body = NULL;

  if (request == NULL)
    return FALSE;
  input = sb_json_object_new ("EndpointName",
                              "s",
                              endpoint,
                              "ContentType",
                              "s",
                              type,
                              "Accept",
                              "s",
                              options->accept,
                              NULL);
  answer = sb_client_call_with_body (
      client, "sagemaker-runtime", "InvokeEndpoint", input, request, &body, NULL, error);
  if (answer == NULL)
    return FALSE;
  if (!options->json && (print_digits (path, body) || print_photo (path, body, classes)))
    return TRUE;
  fwrite (g_bytes_get_data (body, NULL), 1, g_bytes_get_size (body), stdout);
  if (g_bytes_get_size (body) > 0 &&
      ((const char *) g_bytes_get_data (body, NULL))[g_bytes_get_size (body) - 1] != '\n')
    putchar ('\n');
  return TRUE;
}

static gboolean
predict_all (const Options *options, char **argv, GError **error)
{
  g_autofree char *base =
      options->data_dir != NULL ? g_strdup (options->data_dir) : sb_command_data_dir ();
  g_autoptr (SbEngineProcess) engine = NULL;
  g_autoptr (SbConnection) connection =
      sb_command_connect (base, options->connection, &engine, error);
  g_autoptr (SbClient) client = NULL;
  g_auto (GStrv) classes = sb_photo_classes_of_endpoint (base, argv[1]);
  gboolean fine = TRUE, wanted = FALSE;

  if (connection == NULL)
    return FALSE;
  client = sb_client_new (connection, NULL);
  for (int i = 2; fine && argv[i] != NULL; i++)
    fine = predict (client, options, argv[1], argv[i], classes, error);
  if (engine != NULL && sb_engine_process_is_child (engine) &&
      !(sb_engine_process_is_wanted (engine, &wanted, NULL, NULL) && wanted))
    sb_engine_process_stop (engine, NULL, NULL);
  return fine;
}

static gboolean
parse (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "content-type",
      0,
      0,
      G_OPTION_ARG_STRING,
      &options->content_type,
      N_ ("What the files are; else their names tell"),
      N_ ("TYPE") },
    { "accept", 0, 0, G_OPTION_ARG_STRING, &options->accept, N_ ("What is wanted"), N_ ("TYPE") },
    { "connection",
      0,
      0,
      G_OPTION_ARG_STRING,
      &options->connection,
      N_ ("Where the endpoint is; “local” is this computer"),
      N_ ("NAME") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, N_ ("Print the answer as it came"), NULL },
    { "data-dir",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &options->data_dir,
      N_ ("Where Sagebrush keeps its own files"),
      N_ ("DIR") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("ENDPOINT FILE…"));

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 2)
    return TRUE;
  g_set_error_literal (error,
                       SB_ERROR,
                       SB_ERROR_INVALID,
                       _ ("Name an endpoint, then the files that it is to read"));
  return FALSE;
}

/**
 * sb_command_predict:
 * @argc: number of arguments
 * @argv: `predict` and what follows it
 *
 * Asks an endpoint about files, one after the other.
 *
 * Returns: the program's exit status
 */
int
sb_command_predict (int argc, char **argv)
{
  Options options = { 0 };
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!parse (&options, &argc, &argv, &error))
    status = 2;
  else if (!predict_all (&options, argv, &error))
    status = 1;
  g_free (options.content_type);
  g_free (options.accept);
  g_free (options.connection);
  g_free (options.data_dir);
  if (error != NULL)
    fprintf (stderr, "sagebrush: %s\n", error->message);
  return status;
}
