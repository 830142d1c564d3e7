/* sb-code-cli.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "cloud/sb-code-private.h"
#include "wire/sb-json.h"

/* One program while it is written. */
typedef struct
{
  GString *out;
  guint n_files;
} Script;

static const char *
command_of (const char *service)
{
  return strcmp (service, "s3") == 0 ? "s3api" : service;
}

static void
append_option (GString *out, const char *member, JsonNode *node)
{
  g_autofree char *name = _sb_code_words (member, '-');
  g_autofree char *text = NULL;

  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    {
      g_string_append_printf (out,
                              " \\\n  --%s%s",
                              json_node_get_boolean (node) ? "" : "no-",
                              name);
      return;
    }
  g_string_append_printf (out, " \\\n  --%s ", name);
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    {
      _sb_code_append_shell_string (out, json_node_get_string (node));
      return;
    }
  text = sb_json_node_to_string (node);
  _sb_code_append_shell_string (out, text);
}

static void
append_options (GString *out, JsonObject *input)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, input);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    append_option (out, name, node);
}

/* A body goes through a file: arguments have a length, and no bytes that are no text. */
static char *
append_body_file (Script *self, JsonObject *body)
{
  const char *text = sb_json_get_string (body, "text", NULL);
  const char *base64 = sb_json_get_string (body, "base64", NULL);
  const char *path = sb_json_get_string (body, "path", NULL);
  guint number = ++self->n_files;

  if (path != NULL)
    {
      g_autoptr (GString) word = g_string_new (NULL);

      _sb_code_append_shell_string (word, path);
      return g_string_free (g_steal_pointer (&word), FALSE);
    }
  if (text == NULL && base64 == NULL)
    {
      g_string_append_printf (self->out,
                              "# The body had %" G_GINT64_FORMAT
                              " bytes, too many to be kept: put it into the file body-%u.\n",
                              sb_json_get_int (body, "size", 0),
                              number);
      return g_strdup_printf ("body-%u", number);
    }
  g_string_append (self->out, "printf '%s' ");
  _sb_code_append_shell_string (self->out, text != NULL ? text : base64);
  g_string_append_printf (self->out,
                          "%s >\"$files/body-%u\"\n",
                          text != NULL ? "" : " | base64 -d",
                          number);
  return g_strdup_printf ("\"$files/body-%u\"", number);
}

static gboolean
has_answer_body (const char *operation)
{
  return strcmp (operation, "InvokeEndpoint") == 0 || strcmp (operation, "GetObject") == 0;
}

static void
append_call (Script *self, const SbAct *act, JsonObject *body)
{
  const char *operation = sb_journal_entry_get_operation (act->entry);
  g_autofree char *words = _sb_code_words (operation, '-');
  g_autofree char *file = body != NULL ? append_body_file (self, body) : NULL;
  gboolean s3 = strcmp (act->service, "s3") == 0;

  if (has_answer_body (operation) && body == NULL)
    self->n_files++;
  g_string_append_printf (self->out, "aws %s %s", command_of (act->service), words);
  append_options (self->out, sb_journal_entry_get_input (act->entry));
  if (file != NULL)
    g_string_append_printf (self->out, " \\\n  --body %s%s", s3 ? "" : "fileb://", file);
  if (has_answer_body (operation))
    g_string_append_printf (self->out,
                            " \\\n  \"$files/answer-%u\"\ncat \"$files/answer-%u\"",
                            self->n_files,
                            self->n_files);
  g_string_append_c (self->out, '\n');
}

static void
append_calls (Script *self, const SbAct *act)
{
  guint n = MIN (act->bodies->len, SB_CODE_MAX_BODIES);

  if (act->bodies->len > n)
    g_string_append_printf (self->out, "# The first %u of %u bodies.\n", n, act->bodies->len);
  for (guint i = 0; i < n; i++)
    append_call (self, act, g_ptr_array_index (act->bodies, i));
  if (n == 0)
    append_call (self, act, NULL);
}

static void
append_wait (Script *self, const SbAct *act)
{
  g_autofree char *words = _sb_code_words (sb_journal_entry_get_waiter (act->entry), '-');

  g_string_append_printf (self->out, "aws %s wait %s", command_of (act->service), words);
  append_options (self->out, sb_journal_entry_get_input (act->entry));
  g_string_append_c (self->out, '\n');
}

static void
append_transfer (Script *self, const SbAct *act)
{
  JsonObject *transfer = sb_journal_entry_get_transfer (act->entry);
  const char *path = sb_json_get_string (transfer, "path", "");
  g_autofree char *uri = g_strdup_printf ("s3://%s/%s",
                                          sb_json_get_string (transfer, "bucket", ""),
                                          sb_json_get_string (transfer, "key", ""));
  gboolean down = act->kind == SB_ACT_DOWNLOAD;

  g_string_append (self->out, "aws s3 cp ");
  if (act->kind == SB_ACT_UPLOAD_FOLDER)
    g_string_append (self->out, "--recursive ");
  _sb_code_append_shell_string (self->out, down ? uri : path);
  g_string_append_c (self->out, ' ');
  _sb_code_append_shell_string (self->out, down ? path : uri);
  g_string_append_c (self->out, '\n');
}

/* The name is what stands behind the last tab of a line. */
static void
append_list (Script *self, const SbAct *act)
{
  JsonObject *transfer = sb_journal_entry_get_transfer (act->entry);
  g_autofree char *uri = g_strdup_printf ("s3://%s/%s",
                                          sb_json_get_string (transfer, "bucket", ""),
                                          sb_json_get_string (transfer, "key", ""));

  g_string_append (self->out, "awk -F '\\t' '{ print $NF }' ");
  _sb_code_append_shell_string (self->out, sb_json_get_string (transfer, "list", ""));
  g_string_append (self->out, " | while IFS= read -r name; do\n  aws s3 cp ");
  _sb_code_append_shell_string (self->out, sb_json_get_string (transfer, "path", ""));
  g_string_append (self->out, "/\"$name\" ");
  _sb_code_append_shell_string (self->out, uri);
  g_string_append (self->out, "\"$name\"\ndone\n");
}

static void
append_act (Script *self, const SbAct *act)
{
  if (act->kind == SB_ACT_CALL)
    append_calls (self, act);
  else if (act->kind == SB_ACT_WAIT)
    append_wait (self, act);
  else if (act->kind == SB_ACT_UPLOAD_LIST)
    append_list (self, act);
  else
    append_transfer (self, act);
}

/* A function keeps the endpoint out of every line. */
static void
append_head (GString *out, const char *region, const char *endpoint_url, gboolean files)
{
  g_string_append (out, "#!/bin/sh\nset -e\nexport AWS_DEFAULT_REGION=");
  _sb_code_append_shell_string (out, region);
  g_string_append (out, " AWS_PAGER=\n");
  if (endpoint_url != NULL)
    {
      g_string_append (out, "aws() { command aws --endpoint-url ");
      _sb_code_append_shell_string (out, endpoint_url);
      g_string_append (out, " \"$@\"; }\n");
    }
  if (files)
    g_string_append (out, "files=$(mktemp -d)\ntrap 'rm -rf \"$files\"' EXIT\n");
}

/*< private >
 * _sb_code_cli:
 * @acts: (element-type SbAct): what the program does
 * @region: the Region
 * @endpoint_url: (nullable): the endpoint of all services
 *
 * Returns: (transfer full): a shell program
 */
char *
_sb_code_cli (GPtrArray *acts, const char *region, const char *endpoint_url)
{
  Script self = { g_string_new (NULL), 0 };
  GString *out = g_string_new (NULL);
  const char *step = NULL;

  for (guint i = 0; i < acts->len; i++)
    {
      const SbAct *act = g_ptr_array_index (acts, i);
      const char *current = sb_journal_entry_get_step (act->entry);

      if (current != NULL && g_strcmp0 (current, step) != 0)
        g_string_append_printf (self.out, "\n# %s\n", current);
      step = current;
      append_act (&self, act);
    }
  append_head (out, region, endpoint_url, strstr (self.out->str, "$files/") != NULL);
  g_string_append (out, self.out->str);
  g_string_free (self.out, TRUE);
  return g_string_free (out, FALSE);
}
