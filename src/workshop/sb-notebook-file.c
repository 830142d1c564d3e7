/* sb-notebook-file.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-notebook-file.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

static void
output_free (gpointer data)
{
  SbNotebookOutput *self = data;

  g_free (self->text);
  g_clear_pointer (&self->image, g_bytes_unref);
  g_free (self);
}

static void
cell_free (gpointer data)
{
  SbNotebookCell *self = data;

  g_free (self->source);
  g_ptr_array_unref (self->outputs);
  g_free (self);
}

void
sb_notebook_file_free (SbNotebookFile *self)
{
  g_free (self->language);
  g_ptr_array_unref (self->cells);
  g_free (self);
}

/* A text of several lines is a text, or a list of them. */
static char *
dup_text (JsonObject *object, const char *member)
{
  JsonNode *node = object != NULL && json_object_has_member (object, member)
                       ? json_object_get_member (object, member)
                       : NULL;
  JsonArray *lines;
  GString *text;

  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return g_strdup (json_node_get_string (node));
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return NULL;
  text = g_string_new (NULL);
  lines = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (lines); i++)
    {
      JsonNode *line = json_array_get_element (lines, i);

      if (JSON_NODE_HOLDS_VALUE (line) && json_node_get_value_type (line) == G_TYPE_STRING)
        g_string_append (text, json_node_get_string (line));
    }
  return g_string_free (text, FALSE);
}

/* What a terminal would colour. */
static char *
strip_colours (char *text)
{
  static GRegex *regex;
  char *plain;

  if (g_once_init_enter (&regex))
    g_once_init_leave (&regex, g_regex_new ("\x1b\\[[0-9;]*[A-Za-z]", G_REGEX_OPTIMIZE, 0, NULL));
  plain = g_regex_replace_literal (regex, text, -1, 0, "", 0, NULL);
  g_free (text);
  return plain;
}

/* The richest that can be shown here: an image, else plain text. */
static SbNotebookOutput *
read_data (JsonObject *data)
{
  static const char *const images[] = { "image/png", "image/jpeg" };
  SbNotebookOutput *self = g_new0 (SbNotebookOutput, 1);

  for (guint i = 0; i < G_N_ELEMENTS (images) && self->image == NULL; i++)
    {
      g_autofree char *base64 = dup_text (data, images[i]);
      gsize length;
      guchar *bytes;

      if (base64 == NULL)
        continue;
      bytes = g_base64_decode (base64, &length);
      self->image = g_bytes_new_take (bytes, length);
    }
  self->text = dup_text (data, "text/plain");
  return self;
}

static SbNotebookOutput *
read_failure (JsonObject *json)
{
  SbNotebookOutput *self = g_new0 (SbNotebookOutput, 1);
  JsonArray *lines = sb_json_get_array (json, "traceback");
  GString *text = g_string_new (NULL);

  for (guint i = 0; lines != NULL && i < json_array_get_length (lines); i++)
    {
      JsonNode *line = json_array_get_element (lines, i);

      if (JSON_NODE_HOLDS_VALUE (line) && json_node_get_value_type (line) == G_TYPE_STRING)
        g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "", json_node_get_string (line));
    }
  if (text->len == 0)
    g_string_printf (text,
                     "%s: %s",
                     sb_json_get_string (json, "ename", ""),
                     sb_json_get_string (json, "evalue", ""));
  self->text = g_string_free (text, FALSE);
  self->failed = TRUE;
  return self;
}

static SbNotebookOutput *
read_output (JsonObject *json)
{
  const char *kind = sb_json_get_string (json, "output_type", "");
  SbNotebookOutput *self;

  if (strcmp (kind, "stream") == 0)
    {
      self = g_new0 (SbNotebookOutput, 1);
      self->text = dup_text (json, "text");
    }
  else if (strcmp (kind, "error") == 0)
    self = read_failure (json);
  else
    self = read_data (sb_json_get_object (json, "data"));
  if (self->text != NULL)
    self->text = strip_colours (self->text);
  return self;
}

static SbNotebookCell *
read_cell (JsonObject *json)
{
  static const char *const kinds[] = { "markdown", "code", "raw" };
  SbNotebookCell *self = g_new0 (SbNotebookCell, 1);
  JsonArray *outputs = sb_json_get_array (json, "outputs");

  self->kind = SB_NOTEBOOK_RAW;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (sb_json_get_string (json, "cell_type", ""), kinds[i]) == 0)
      self->kind = (SbNotebookCellKind) i;
  self->source = dup_text (json, "source");
  if (self->source == NULL)
    self->source = g_strdup ("");
  self->count = (guint) CLAMP (sb_json_get_int (json, "execution_count", 0), 0, G_MAXINT);
  self->outputs = g_ptr_array_new_with_free_func (output_free);
  for (guint i = 0; outputs != NULL && i < json_array_get_length (outputs); i++)
    {
      JsonNode *node = json_array_get_element (outputs, i);
      SbNotebookOutput *output =
          JSON_NODE_HOLDS_OBJECT (node) ? read_output (json_node_get_object (node)) : NULL;

      if (output != NULL && (output->text != NULL || output->image != NULL))
        g_ptr_array_add (self->outputs, output);
      else if (output != NULL)
        output_free (output);
    }
  return self;
}

/**
 * sb_notebook_file_load:
 * @path: an .ipynb file
 * @error: a %G_FILE_ERROR, or %SB_ERROR_INVALID for what is no notebook of nbformat 4
 *
 * Returns: (transfer full) (nullable): the notebook
 */
SbNotebookFile *
sb_notebook_file_load (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (JsonObject) root = NULL;
  JsonArray *cells;
  SbNotebookFile *self;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  root = sb_json_parse_object (text, (gssize) length, NULL);
  cells = root != NULL ? sb_json_get_array (root, "cells") : NULL;
  if (cells == NULL || sb_json_get_int (root, "nbformat", 0) != 4)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   root != NULL && json_object_has_member (root, "nbformat")
                       ? _ ("“%s” is a notebook of another format. Open it in Jupyter and save it "
                            "there; then it can be shown here.")
                       : _ ("“%s” is no Jupyter notebook"),
                   path);
      return NULL;
    }
  self = g_new0 (SbNotebookFile, 1);
  self->language = g_strdup (
      sb_json_get_string (root,
                          "metadata.language_info.name",
                          sb_json_get_string (root, "metadata.kernelspec.language", "python")));
  self->cells = g_ptr_array_new_with_free_func (cell_free);
  for (guint i = 0; i < json_array_get_length (cells); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (cells, i)))
      g_ptr_array_add (self->cells, read_cell (json_array_get_object_element (cells, i)));
  return self;
}
