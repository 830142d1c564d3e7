/* sb-xml.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbXmlNode:
 * @name: the element's local name, without prefix
 * @text: its character data, "" when there is none
 * @children: (element-type SbXmlNode): its elements in their order; never %NULL
 *
 * An element of a parsed document: attributes, namespaces and comments are left out, which the
 * services' answers do without.
 */
typedef struct
{
  char *name;
  char *text;
  GPtrArray *children;
} SbXmlNode;

SbXmlNode *sb_xml_parse (const char *text, gssize length, GError **error);
void sb_xml_node_free (SbXmlNode *self);
SbXmlNode *sb_xml_find (const SbXmlNode *self, const char *path);
const char *sb_xml_get (const SbXmlNode *self, const char *path, const char *fallback);

/**
 * SbXmlWriter:
 *
 * Writes a document element by element. Text is escaped; characters that XML cannot hold are
 * written as U+FFFD.
 */
typedef struct _SbXmlWriter SbXmlWriter;

SbXmlWriter *sb_xml_writer_new (const char *root, const char *xml_namespace);
void sb_xml_writer_free (SbXmlWriter *self);
void sb_xml_writer_open (SbXmlWriter *self, const char *name);
void sb_xml_writer_close (SbXmlWriter *self);
void sb_xml_writer_text (SbXmlWriter *self, const char *name, const char *text);
void sb_xml_writer_int (SbXmlWriter *self, const char *name, gint64 value);
void sb_xml_writer_bool (SbXmlWriter *self, const char *name, gboolean value);
GBytes *sb_xml_writer_finish (SbXmlWriter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbXmlNode, sb_xml_node_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbXmlWriter, sb_xml_writer_free)

G_END_DECLS
