/* sb-markdown.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-markdown.h"

#include <string.h>

#define MAX_LEVEL 4

/* Pango itself does not know the links that labels have. */
static gboolean
is_well_formed (const char *markup)
{
  static const GMarkupParser parser = { 0 };
  g_autoptr (GMarkupParseContext) context =
      g_markup_parse_context_new (&parser, (GMarkupParseFlags) 0, NULL, NULL);

  return g_markup_parse_context_parse (context, "<p>", -1, NULL) &&
         g_markup_parse_context_parse (context, markup, -1, NULL) &&
         g_markup_parse_context_parse (context, "</p>", -1, NULL) &&
         g_markup_parse_context_end_parse (context, NULL);
}

/**
 * sb_markdown_to_markup:
 * @text: a paragraph of Markdown
 *
 * Returns: (transfer full): Pango markup: code, strong, emphasis and links
 */
char *
sb_markdown_to_markup (const char *text)
{
  static const struct
  {
    const char *pattern;
    const char *replacement;
  } rules[] = {
    { "`([^`]+)`", "<tt>\\1</tt>" },
    { "\\[([^\\]]+)\\]\\((https?://[^)\\s]+)\\)", "<a href=\"\\2\">\\1</a>" },
    { "\\*\\*([^*]+)\\*\\*", "<b>\\1</b>" },
    { "\\*([^*]+)\\*", "<i>\\1</i>" },
  };
  char *markup = g_markup_escape_text (text, -1);

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      g_autoptr (GRegex) regex = g_regex_new (rules[i].pattern, 0, 0, NULL);
      char *next = g_regex_replace (regex, markup, -1, 0, rules[i].replacement, 0, NULL);

      g_free (markup);
      markup = next;
    }
  /* Marks that cross each other make no markup. */
  if (is_well_formed (markup))
    return markup;
  g_free (markup);
  return g_markup_escape_text (text, -1);
}

static GtkWidget *
add_label (GtkBox *box, const char *markup, const char *style)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_markup (GTK_LABEL (label), markup);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  gtk_box_append (box, label);
  return label;
}

static void
end_paragraph (GtkBox *box, GString *paragraph)
{
  if (paragraph->len > 0)
    {
      g_autofree char *markup = sb_markdown_to_markup (paragraph->str);

      add_label (box, markup, NULL);
    }
  g_string_truncate (paragraph, 0);
}

static guint
get_level (const char *line)
{
  guint level = (guint) strspn (line, "#");

  return level > 0 && line[level] == ' ' ? MIN (level, MAX_LEVEL) : 0;
}

static void
add_heading (GtkBox *box, const char *line, guint level)
{
  static const char *const styles[] = { "title-1", "title-2", "title-3", "heading" };
  g_autofree char *markup = sb_markdown_to_markup (line + strspn (line, "# "));

  add_label (box, markup, styles[level - 1]);
}

static gboolean
is_item (const char *line)
{
  return (*line == '-' || *line == '*' || *line == '+') && line[1] == ' ';
}

static void
add_code (GtkBox *box, GString *code)
{
  g_autofree char *escaped = g_markup_escape_text (code->str, -1);

  add_label (box, escaped, "monospace");
  g_string_truncate (code, 0);
}

static void
take_line (GtkBox *box, GString *paragraph, char *line)
{
  guint level = get_level (line);
  char *text = g_strstrip (line);

  if (*text == '\0' || level > 0 || is_item (text))
    end_paragraph (box, paragraph);
  if (level > 0)
    add_heading (box, text, level);
  else if (is_item (text))
    g_string_append_printf (paragraph, "• %s", text + 2);
  else if (*text != '\0')
    g_string_append_printf (paragraph,
                            "%s%s",
                            paragraph->len > 0 ? " " : "",
                            g_str_has_prefix (text, "> ") ? text + 2 : text);
}

/**
 * sb_markdown_new:
 * @text: Markdown
 *
 * Shows headings, paragraphs, lists, code and links; the rest of Markdown stays as it is written.
 *
 * Returns: a widget with it
 */
GtkWidget *
sb_markdown_new (const char *text)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) paragraph = g_string_new (NULL);
  g_autoptr (GString) code = g_string_new (NULL);
  gboolean in_code = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "```"))
      {
        end_paragraph (GTK_BOX (box), paragraph);
        if (in_code)
          add_code (GTK_BOX (box), code);
        in_code = !in_code;
      }
    else if (in_code)
      g_string_append_printf (code, "%s%s", code->len > 0 ? "\n" : "", lines[i]);
    else
      take_line (GTK_BOX (box), paragraph, lines[i]);
  end_paragraph (GTK_BOX (box), paragraph);
  if (code->len > 0)
    add_code (GTK_BOX (box), code);
  return box;
}
