/* sb-code-collect.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From calls to what a person would have written: a waiter instead of its questions, a transfer
 * instead of its parts, a list instead of its pages.
 */

#include "config.h"

#include "cloud/sb-code-private.h"

#include <string.h>

#include "wire/sb-json.h"

static void
act_free (gpointer data)
{
  SbAct *act = data;

  g_ptr_array_unref (act->bodies);
  g_free (act);
}

static SbAct *
act_new (SbActKind kind, SbJournalEntry *entry)
{
  SbAct *act = g_new0 (SbAct, 1);
  JsonObject *body = sb_journal_entry_get_body (entry);

  act->kind = kind;
  act->entry = entry;
  act->service = sb_journal_entry_get_service (entry);
  act->bodies = g_ptr_array_new ();
  if (body != NULL && kind == SB_ACT_CALL)
    g_ptr_array_add (act->bodies, body);
  return act;
}

static gboolean
same_input (SbJournalEntry *a, SbJournalEntry *b)
{
  g_autofree char *left = sb_json_to_string (sb_journal_entry_get_input (a));
  g_autofree char *right = sb_json_to_string (sb_journal_entry_get_input (b));

  return strcmp (left, right) == 0;
}

static gboolean
same_call (SbJournalEntry *a, SbJournalEntry *b)
{
  return g_strcmp0 (sb_journal_entry_get_step (a), sb_journal_entry_get_step (b)) == 0 &&
         g_strcmp0 (sb_journal_entry_get_service (a), sb_journal_entry_get_service (b)) == 0 &&
         g_strcmp0 (sb_journal_entry_get_operation (a), sb_journal_entry_get_operation (b)) == 0 &&
         g_strcmp0 (sb_journal_entry_get_waiter (a), sb_journal_entry_get_waiter (b)) == 0 &&
         same_input (a, b);
}

/* A later page is what the program's own loop asks for. */
static gboolean
is_later_page (SbJournalEntry *entry)
{
  static const char *const tokens[] = { "NextToken", "nextToken", "ContinuationToken", "Marker" };
  JsonObject *input = sb_journal_entry_get_input (entry);

  for (gsize i = 0; i < G_N_ELEMENTS (tokens); i++)
    if (json_object_has_member (input, tokens[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_left_out (SbJournalEntry *entry)
{
  JsonObject *json = sb_journal_entry_get_json (entry);

  if (sb_journal_entry_get_service (entry) == NULL ||
      sb_journal_entry_get_operation (entry) == NULL || sb_journal_entry_get_input (entry) == NULL)
    return TRUE;
  if (json_object_has_member (json, "recheck"))
    return TRUE;
  if (sb_journal_entry_get_waiter (entry) != NULL)
    return FALSE;
  return sb_journal_entry_get_error_code (entry) != NULL || is_later_page (entry);
}

static gboolean
is_upload_kind (const char *kind)
{
  return g_strcmp0 (kind, "upload") == 0 || g_strcmp0 (kind, "upload-folder") == 0 ||
         g_strcmp0 (kind, "upload-list") == 0;
}

/* A transfer counts once its bytes are through. */
static gboolean
is_end_of_transfer (SbJournalEntry *entry, const char *kind)
{
  const char *operation = sb_journal_entry_get_operation (entry);

  if (is_upload_kind (kind))
    return strcmp (operation, "PutObject") == 0 ||
           strcmp (operation, "CompleteMultipartUpload") == 0;
  return strcmp (operation, "GetObject") == 0;
}

static SbAct *
transfer_act (SbJournalEntry *entry, JsonObject *transfer, GHashTable *seen)
{
  const char *kind = sb_json_get_string (transfer, "kind", "");
  const char *id = sb_json_get_string (transfer, "id", "");

  if (!is_end_of_transfer (entry, kind) || !g_hash_table_add (seen, (gpointer) id))
    return NULL;
  if (strcmp (kind, "upload") == 0)
    return act_new (SB_ACT_UPLOAD, entry);
  if (strcmp (kind, "upload-folder") == 0)
    return act_new (SB_ACT_UPLOAD_FOLDER, entry);
  if (strcmp (kind, "upload-list") == 0)
    return act_new (SB_ACT_UPLOAD_LIST, entry);
  return act_new (SB_ACT_DOWNLOAD, entry);
}

static void
take_call (GPtrArray *acts, SbJournalEntry *entry)
{
  SbAct *last = acts->len > 0 ? g_ptr_array_index (acts, acts->len - 1) : NULL;
  gboolean waits = sb_journal_entry_get_waiter (entry) != NULL;

  if (last != NULL && (last->kind == SB_ACT_CALL || last->kind == SB_ACT_WAIT) &&
      same_call (last->entry, entry))
    {
      if (sb_journal_entry_get_body (entry) != NULL)
        g_ptr_array_add (last->bodies, sb_journal_entry_get_body (entry));
      return;
    }
  g_ptr_array_add (acts, act_new (waits ? SB_ACT_WAIT : SB_ACT_CALL, entry));
}

/*< private >
 * _sb_code_collect:
 * @entries: (element-type SbJournalEntry): entries of the journal, which have to live on
 *
 * Returns: (transfer full) (element-type SbAct): what they amount to
 */
GPtrArray *
_sb_code_collect (GPtrArray *entries)
{
  GPtrArray *acts = g_ptr_array_new_with_free_func (act_free);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < entries->len; i++)
    {
      SbJournalEntry *entry = g_ptr_array_index (entries, i);
      JsonObject *transfer = sb_journal_entry_get_transfer (entry);
      SbAct *act;

      if (is_left_out (entry))
        continue;
      if (transfer == NULL)
        {
          take_call (acts, entry);
          continue;
        }
      act = transfer_act (entry, transfer, seen);
      if (act != NULL)
        g_ptr_array_add (acts, act);
    }
  return acts;
}

/*< private >
 * _sb_code_is_paged:
 * @operation: an operation
 *
 * Returns: whether botocore has a paginator for it
 */
gboolean
_sb_code_is_paged (const char *operation)
{
  static const char *const names[] = {
    "ListObjectsV2", "ListTrainingJobs",    "ListModels",         "ListEndpoints", "ListRoles",
    "ListParts",     "ListEndpointConfigs", "DescribeLogStreams", "ListTags",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (names[i], operation) == 0)
      return TRUE;
  return FALSE;
}

/*< private >
 * _sb_code_words:
 * @name: such as `CreateEndpointConfig`
 * @separator: such as `_`
 *
 * Returns: (transfer full): as botocore writes it: `create_endpoint_config`
 */
char *
_sb_code_words (const char *name, char separator)
{
  GString *out = g_string_new (NULL);

  for (const char *p = name; *p != '\0'; p++)
    {
      gboolean starts =
          p > name && g_ascii_isupper (*p) && (!g_ascii_isupper (p[-1]) || g_ascii_islower (p[1]));

      if (*p == '_')
        {
          g_string_append_c (out, separator);
          continue;
        }
      if (starts && p[-1] != '_')
        g_string_append_c (out, separator);
      g_string_append_c (out, g_ascii_tolower (*p));
    }
  return g_string_free (out, FALSE);
}

/*< private >
 * _sb_code_append_python_string:
 * @out: a program
 * @text: UTF-8
 *
 * Appends a literal. The same is a bytes literal behind a `b` for ASCII.
 */
void
_sb_code_append_python_string (GString *out, const char *text)
{
  /* JSON inside a program stays legible. */
  char quote = strchr (text, '"') != NULL && strchr (text, '\'') == NULL ? '\'' : '"';

  g_string_append_c (out, quote);
  for (const char *p = text; *p != '\0'; p++)
    {
      guchar c = (guchar) *p;

      if (c == (guchar) quote || c == '\\')
        g_string_append_printf (out, "\\%c", c);
      else if (c == '\n')
        g_string_append (out, "\\n");
      else if (c == '\t')
        g_string_append (out, "\\t");
      else if (c < 0x20 || c == 0x7f)
        g_string_append_printf (out, "\\x%02x", c);
      else
        g_string_append_c (out, (char) c);
    }
  g_string_append_c (out, quote);
}

/*< private >
 * _sb_code_append_shell_string:
 * @out: a program
 * @text: any text
 *
 * Appends one word of a shell, quoted where that is needed.
 */
void
_sb_code_append_shell_string (GString *out, const char *text)
{
  g_autofree char *quoted = NULL;

  if (*text != '\0' && strspn (text,
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "_-./:=,@+%") == strlen (text))
    {
      g_string_append (out, text);
      return;
    }
  quoted = g_shell_quote (text);
  g_string_append (out, quoted);
}
