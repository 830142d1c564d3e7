/* sb-code-python.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "cloud/sb-code-private.h"
#include "wire/sb-json.h"

#define INDENT 4

static void append_value (GString *out, JsonNode *node, guint depth);

static void
append_indent (GString *out, guint depth)
{
  for (guint i = 0; i < depth * INDENT; i++)
    g_string_append_c (out, ' ');
}

static void
append_object (GString *out, JsonObject *object, guint depth)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (json_object_get_size (object) == 0)
    {
      g_string_append (out, "{}");
      return;
    }
  g_string_append (out, "{\n");
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      append_indent (out, depth + 1);
      _sb_code_append_python_string (out, name);
      g_string_append (out, ": ");
      append_value (out, node, depth + 1);
      g_string_append (out, ",\n");
    }
  append_indent (out, depth);
  g_string_append_c (out, '}');
}

static void
append_array (GString *out, JsonArray *array, guint depth)
{
  guint length = json_array_get_length (array);

  if (length == 0)
    {
      g_string_append (out, "[]");
      return;
    }
  g_string_append (out, "[\n");
  for (guint i = 0; i < length; i++)
    {
      append_indent (out, depth + 1);
      append_value (out, json_array_get_element (array, i), depth + 1);
      g_string_append (out, ",\n");
    }
  append_indent (out, depth);
  g_string_append_c (out, ']');
}

static void
append_value (GString *out, JsonNode *node, guint depth)
{
  g_autofree char *text = NULL;

  if (JSON_NODE_HOLDS_OBJECT (node))
    append_object (out, json_node_get_object (node), depth);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    append_array (out, json_node_get_array (node), depth);
  else if (JSON_NODE_HOLDS_NULL (node))
    g_string_append (out, "None");
  else if (json_node_get_value_type (node) == G_TYPE_STRING)
    _sb_code_append_python_string (out, json_node_get_string (node));
  else if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    g_string_append (out, json_node_get_boolean (node) ? "True" : "False");
  else
    {
      text = sb_json_node_to_string (node);
      g_string_append (out, text);
    }
}

static void
append_arguments (GString *out, JsonObject *input, const char *more, guint depth)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  g_string_append_c (out, '(');
  if (json_object_get_size (input) > 0 || more != NULL)
    {
      g_string_append_c (out, '\n');
      json_object_iter_init_ordered (&iter, input);
      while (json_object_iter_next_ordered (&iter, &name, &node))
        {
          append_indent (out, depth + 1);
          g_string_append_printf (out, "%s=", name);
          append_value (out, node, depth + 1);
          g_string_append (out, ",\n");
        }
      if (more != NULL)
        {
          append_indent (out, depth + 1);
          g_string_append_printf (out, "%s,\n", more);
        }
      append_indent (out, depth);
    }
  g_string_append (out, ")\n");
}

static char *
client_name (const char *service)
{
  return g_strdelimit (g_strdup (service), "-", '_');
}

static gboolean
is_ascii (const char *text)
{
  for (; *text != '\0'; text++)
    if ((guchar) *text >= 0x80)
      return FALSE;
  return TRUE;
}

static void
append_body (GString *out, JsonObject *body, guint number)
{
  const char *text = sb_json_get_string (body, "text", NULL);
  const char *base64 = sb_json_get_string (body, "base64", NULL);

  if (text != NULL && is_ascii (text))
    {
      g_string_append_c (out, 'b');
      _sb_code_append_python_string (out, text);
    }
  else if (text != NULL)
    {
      _sb_code_append_python_string (out, text);
      g_string_append (out, ".encode()");
    }
  else if (base64 != NULL)
    {
      g_string_append (out, "base64.b64decode(");
      _sb_code_append_python_string (out, base64);
      g_string_append_c (out, ')');
    }
  else
    {
      g_autofree char *name = g_strdup_printf ("body-%u", number);

      g_string_append (out, "Path(");
      _sb_code_append_python_string (out, sb_json_get_string (body, "path", name));
      g_string_append (out, ").read_bytes()");
    }
}

/* What the journal does not keep, the person has to bring. */
static void
append_missing_note (GString *out, JsonObject *body, guint number)
{
  if (json_object_has_member (body, "text") || json_object_has_member (body, "base64") ||
      json_object_has_member (body, "path"))
    return;
  g_string_append_printf (out,
                          "# The body had %" G_GINT64_FORMAT
                          " bytes, too many to be kept: put it into the file body-%u.\n",
                          sb_json_get_int (body, "size", 0),
                          number);
}

static void
append_answer (GString *out, const SbAct *act, guint depth)
{
  const char *operation = sb_journal_entry_get_operation (act->entry);

  append_indent (out, depth);
  if (strcmp (operation, "InvokeEndpoint") == 0)
    g_string_append (out, "print(response[\"Body\"].read().decode(errors=\"replace\"))\n");
  else if (strcmp (operation, "GetObject") == 0)
    g_string_append (out, "body = response[\"Body\"].read()\n");
  else
    g_string_append (out, "print(response)\n");
}

static void
append_call (GString *out, const SbAct *act, const char *body, guint depth)
{
  g_autofree char *client = client_name (act->service);
  g_autofree char *method = _sb_code_words (sb_journal_entry_get_operation (act->entry), '_');
  g_autofree char *more = body != NULL ? g_strconcat ("Body=", body, NULL) : NULL;

  append_indent (out, depth);
  g_string_append_printf (out, "response = %s.%s", client, method);
  append_arguments (out, sb_journal_entry_get_input (act->entry), more, depth);
  append_answer (out, act, depth);
}

static void
append_pages (GString *out, const SbAct *act)
{
  g_autofree char *client = client_name (act->service);
  g_autofree char *method = _sb_code_words (sb_journal_entry_get_operation (act->entry), '_');

  g_string_append_printf (out, "pages = %s.get_paginator(\"%s\").paginate", client, method);
  append_arguments (out, sb_journal_entry_get_input (act->entry), NULL, 0);
  g_string_append (out, "for page in pages:\n    print(page)\n");
}

static void
append_bodies (GString *out, const SbAct *act)
{
  guint n = MIN (act->bodies->len, SB_CODE_MAX_BODIES);

  for (guint i = 0; i < n; i++)
    append_missing_note (out, g_ptr_array_index (act->bodies, i), i + 1);
  if (act->bodies->len > n)
    g_string_append_printf (out, "# The first %u of %u bodies.\n", n, act->bodies->len);
  g_string_append (out, "bodies = [\n");
  for (guint i = 0; i < n; i++)
    {
      append_indent (out, 1);
      append_body (out, g_ptr_array_index (act->bodies, i), i + 1);
      g_string_append (out, ",\n");
    }
  g_string_append (out, "]\nfor body in bodies:\n");
  append_call (out, act, "body", 1);
}

static void
append_one_call (GString *out, const SbAct *act)
{
  g_autoptr (GString) body = g_string_new (NULL);

  if (act->bodies->len > 1)
    append_bodies (out, act);
  else if (act->bodies->len == 1)
    {
      append_missing_note (out, g_ptr_array_index (act->bodies, 0), 1);
      append_body (body, g_ptr_array_index (act->bodies, 0), 1);
      append_call (out, act, body->str, 0);
    }
  else if (_sb_code_is_paged (sb_journal_entry_get_operation (act->entry)))
    append_pages (out, act);
  else
    append_call (out, act, NULL, 0);
}

/* The engine on this computer is done in seconds; botocore's own pauses are for AWS. */
static void
append_wait (GString *out, const SbAct *act, gboolean local)
{
  g_autofree char *client = client_name (act->service);

  g_string_append_printf (out,
                          "%s.get_waiter(\"%s\").wait",
                          client,
                          sb_journal_entry_get_waiter (act->entry));
  append_arguments (out,
                    sb_journal_entry_get_input (act->entry),
                    local ? "WaiterConfig={\"Delay\": 1, \"MaxAttempts\": 21600}" : NULL,
                    0);
}

static void
append_folder (GString *out, JsonObject *transfer)
{
  g_string_append (out, "folder = Path(");
  _sb_code_append_python_string (out, sb_json_get_string (transfer, "path", ""));
  g_string_append (out,
                   ")\nfor path in sorted(folder.rglob(\"*\")):\n"
                   "    if path.is_file():\n"
                   "        key = ");
  _sb_code_append_python_string (out, sb_json_get_string (transfer, "key", ""));
  g_string_append (out,
                   " + path.relative_to(folder).as_posix()\n"
                   "        s3.upload_file(str(path), ");
  _sb_code_append_python_string (out, sb_json_get_string (transfer, "bucket", ""));
  g_string_append (out, ", key)\n");
}

/* The name is what stands behind the last tab of a line. */
static void
append_list (GString *out, JsonObject *transfer)
{
  g_string_append (out, "with open(");
  _sb_code_append_python_string (out, sb_json_get_string (transfer, "list", ""));
  g_string_append (out,
                   ", encoding=\"utf-8\") as lines:\n"
                   "    for name in (line.rstrip(\"\\n\").split(\"\\t\")[-1] for line in lines):\n"
                   "        s3.upload_file(");
  _sb_code_append_python_string (out, sb_json_get_string (transfer, "path", ""));
  g_string_append (out, " + \"/\" + name, ");
  _sb_code_append_python_string (out, sb_json_get_string (transfer, "bucket", ""));
  g_string_append (out, ", ");
  _sb_code_append_python_string (out, sb_json_get_string (transfer, "key", ""));
  g_string_append (out, " + name)\n");
}

static void
append_transfer (GString *out, const SbAct *act)
{
  static const char *const upload[] = { "path", "bucket", "key" };
  static const char *const download[] = { "bucket", "key", "path" };
  const char *const *order = act->kind == SB_ACT_UPLOAD ? upload : download;
  JsonObject *transfer = sb_journal_entry_get_transfer (act->entry);

  g_string_append (out, act->kind == SB_ACT_UPLOAD ? "s3.upload_file(" : "s3.download_file(");
  for (guint i = 0; i < 3; i++)
    {
      g_string_append (out, i > 0 ? ", " : "");
      _sb_code_append_python_string (out, sb_json_get_string (transfer, order[i], ""));
    }
  g_string_append (out, ")\n");
}

/*< private >
 * _sb_code_python_act:
 * @act: an act
 * @local: whether the endpoint is on this computer
 *
 * Returns: (transfer full): the statements that do the same
 */
char *
_sb_code_python_act (const SbAct *act, gboolean local)
{
  GString *out = g_string_new (NULL);

  switch (act->kind)
    {
    case SB_ACT_WAIT:
      append_wait (out, act, local);
      break;
    case SB_ACT_UPLOAD_FOLDER:
      append_folder (out, sb_journal_entry_get_transfer (act->entry));
      break;
    case SB_ACT_UPLOAD_LIST:
      append_list (out, sb_journal_entry_get_transfer (act->entry));
      break;
    case SB_ACT_UPLOAD:
    case SB_ACT_DOWNLOAD:
      append_transfer (out, act);
      break;
    case SB_ACT_CALL:
    default:
      append_one_call (out, act);
      break;
    }
  return g_string_free (out, FALSE);
}

static gboolean
needs_module (GPtrArray *acts, const char *module)
{
  for (guint i = 0; i < acts->len; i++)
    {
      g_autofree char *text = _sb_code_python_act (g_ptr_array_index (acts, i), FALSE);

      if (strstr (text, module) != NULL)
        return TRUE;
    }
  return FALSE;
}

static void
append_clients (GString *out, GPtrArray *acts, gboolean own_endpoint)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < acts->len; i++)
    {
      const SbAct *act = g_ptr_array_index (acts, i);
      g_autofree char *client = client_name (act->service);

      if (g_hash_table_add (seen, (gpointer) act->service))
        g_string_append_printf (out,
                                "%s = session.client(\"%s\"%s)\n",
                                client,
                                act->service,
                                own_endpoint ? ", endpoint_url=endpoint_url" : "");
    }
}

/*< private >
 * _sb_code_python_setup:
 * @acts: (element-type SbAct): what the program does
 * @region: the Region
 * @endpoint_url: (nullable): the endpoint of all services
 *
 * Returns: (transfer full): imports and clients
 */
char *
_sb_code_python_setup (GPtrArray *acts, const char *region, const char *endpoint_url)
{
  GString *out = g_string_new (NULL);

  if (needs_module (acts, "base64."))
    g_string_append (out, "import base64\n");
  if (needs_module (acts, "Path("))
    g_string_append (out, "from pathlib import Path\n");
  if (out->len > 0)
    g_string_append_c (out, '\n');
  g_string_append (out, "import boto3\n\nsession = boto3.Session(region_name=");
  _sb_code_append_python_string (out, region);
  g_string_append (out, ")\n");
  if (endpoint_url != NULL)
    {
      g_string_append (out, "endpoint_url = ");
      _sb_code_append_python_string (out, endpoint_url);
      g_string_append_c (out, '\n');
    }
  append_clients (out, acts, endpoint_url != NULL);
  return g_string_free (out, FALSE);
}
