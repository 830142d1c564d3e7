/* sb-xml.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-xml.h"

#include "wire/sb-error.h"

#include <libxml/parser.h>
#include <string.h>

struct _SbXmlWriter
{
  GString *out;
  GPtrArray *open;
};

/**
 * sb_xml_node_free:
 * @self: (nullable): a node
 */
void
sb_xml_node_free (SbXmlNode *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self->text);
  g_ptr_array_unref (self->children);
  g_free (self);
}

static SbXmlNode *
convert (xmlNode *element)
{
  SbXmlNode *self = g_new0 (SbXmlNode, 1);
  g_autoptr (GString) text = g_string_new (NULL);

  self->name = g_strdup ((const char *) element->name);
  self->children = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_xml_node_free);
  for (xmlNode *child = element->children; child != NULL; child = child->next)
    {
      if (child->type == XML_ELEMENT_NODE)
        g_ptr_array_add (self->children, convert (child));
      else if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
        g_string_append (text, (const char *) child->content);
    }
  self->text = g_string_free (g_steal_pointer (&text), FALSE);
  return self;
}

/**
 * sb_xml_parse:
 * @text: a document
 * @length: its bytes, or -1 when it ends with a NUL
 * @error: %SB_ERROR_PROTOCOL
 *
 * Parses a document. A document type declaration is refused: nothing that the services send has
 * one, and entities are how XML is made to explode.
 *
 * Returns: (transfer full) (nullable): its root
 */
SbXmlNode *
sb_xml_parse (const char *text, gssize length, GError **error)
{
  gsize n = length < 0 ? strlen (text) : (gsize) length;
  xmlDoc *document = NULL;
  xmlNode *root;
  SbXmlNode *self = NULL;

  if (n > 0 && n <= G_MAXINT)
    document = xmlReadMemory (
        text, (int) n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  root = document != NULL ? xmlDocGetRootElement (document) : NULL;
  if (root != NULL && document->intSubset == NULL)
    self = convert (root);
  else
    g_set_error_literal (error,
                         SB_ERROR,
                         SB_ERROR_PROTOCOL,
                         "The XML is not well-formed or has a document type declaration");
  if (document != NULL)
    xmlFreeDoc (document);
  return self;
}

/**
 * sb_xml_find:
 * @self: a node
 * @path: names of elements below it, joined by "/"
 *
 * Returns: (transfer none) (nullable): the first element that the path leads to
 */
SbXmlNode *
sb_xml_find (const SbXmlNode *self, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  const SbXmlNode *node = self;

  for (guint i = 0; names[i] != NULL && node != NULL; i++)
    {
      const SbXmlNode *found = NULL;

      for (guint j = 0; j < node->children->len && found == NULL; j++)
        {
          const SbXmlNode *child = g_ptr_array_index (node->children, j);

          if (strcmp (child->name, names[i]) == 0)
            found = child;
        }
      node = found;
    }
  return (SbXmlNode *) node;
}

/**
 * sb_xml_get:
 * @self: a node
 * @path: see sb_xml_find()
 * @fallback: (nullable): what to return without such an element
 *
 * Returns: (transfer none) (nullable): the text of the element that the path leads to
 */
const char *
sb_xml_get (const SbXmlNode *self, const char *path, const char *fallback)
{
  const SbXmlNode *node = sb_xml_find (self, path);

  return node != NULL ? node->text : fallback;
}

/**
 * sb_xml_writer_new:
 * @root: name of the root element
 * @xml_namespace: (nullable): its default namespace
 *
 * Returns: (transfer full): a writer whose root element is open
 */
SbXmlWriter *
sb_xml_writer_new (const char *root, const char *xml_namespace)
{
  SbXmlWriter *self = g_new0 (SbXmlWriter, 1);

  self->out = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  self->open = g_ptr_array_new_with_free_func (g_free);
  g_string_append_printf (self->out, "<%s", root);
  if (xml_namespace != NULL)
    g_string_append_printf (self->out, " xmlns=\"%s\"", xml_namespace);
  g_string_append_c (self->out, '>');
  g_ptr_array_add (self->open, g_strdup (root));
  return self;
}

/**
 * sb_xml_writer_free:
 * @self: a writer that was not finished
 */
void
sb_xml_writer_free (SbXmlWriter *self)
{
  g_string_free (self->out, TRUE);
  g_ptr_array_unref (self->open);
  g_free (self);
}

/**
 * sb_xml_writer_open:
 * @self: a writer
 * @name: name of an element
 */
void
sb_xml_writer_open (SbXmlWriter *self, const char *name)
{
  g_string_append_printf (self->out, "<%s>", name);
  g_ptr_array_add (self->open, g_strdup (name));
}

/**
 * sb_xml_writer_close:
 * @self: a writer
 *
 * Closes the element that was opened last.
 */
void
sb_xml_writer_close (SbXmlWriter *self)
{
  g_return_if_fail (self->open->len > 0);

  g_string_append_printf (self->out,
                          "</%s>",
                          (const char *) g_ptr_array_index (self->open, self->open->len - 1));
  g_ptr_array_set_size (self->open, (int) self->open->len - 1);
}

static gboolean
is_allowed (gunichar c)
{
  return c == '\t' || c == '\n' || (c >= 0x20 && c != 0xFFFE && c != 0xFFFF);
}

/* A carriage return would be read back as a line feed unless it is written as a reference. */
static void
append_escaped (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '<')
        g_string_append (out, "&lt;");
      else if (c == '>')
        g_string_append (out, "&gt;");
      else if (c == '&')
        g_string_append (out, "&amp;");
      else if (c == '"')
        g_string_append (out, "&quot;");
      else if (c == '\r')
        g_string_append (out, "&#13;");
      else
        g_string_append_unichar (out, is_allowed (c) ? c : 0xFFFD);
    }
}

/**
 * sb_xml_writer_text:
 * @self: a writer
 * @name: name of an element
 * @text: (nullable): its character data; without any, no element is written
 */
void
sb_xml_writer_text (SbXmlWriter *self, const char *name, const char *text)
{
  if (text == NULL)
    return;
  g_string_append_printf (self->out, "<%s>", name);
  append_escaped (self->out, text);
  g_string_append_printf (self->out, "</%s>", name);
}

/**
 * sb_xml_writer_int:
 * @self: a writer
 * @name: name of an element
 * @value: its content
 */
void
sb_xml_writer_int (SbXmlWriter *self, const char *name, gint64 value)
{
  g_string_append_printf (self->out, "<%s>%" G_GINT64_FORMAT "</%s>", name, value, name);
}

/**
 * sb_xml_writer_bool:
 * @self: a writer
 * @name: name of an element
 * @value: its content
 */
void
sb_xml_writer_bool (SbXmlWriter *self, const char *name, gboolean value)
{
  sb_xml_writer_text (self, name, value ? "true" : "false");
}

/**
 * sb_xml_writer_finish:
 * @self: (transfer full): a writer
 *
 * Closes what is open and frees the writer.
 *
 * Returns: (transfer full): the document
 */
GBytes *
sb_xml_writer_finish (SbXmlWriter *self)
{
  GBytes *bytes;

  while (self->open->len > 0)
    sb_xml_writer_close (self);
  bytes = g_string_free_to_bytes (g_steal_pointer (&self->out));
  g_ptr_array_unref (self->open);
  g_free (self);
  return bytes;
}
