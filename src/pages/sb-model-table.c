/* sb-model-table.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The layers of a network, or the values that something was trained with, as a table; or anything.
 */

#include "config.h"

#include "pages/sb-model-table.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-json.h"

#define NAME_CHARS 14

typedef struct
{
  guint index;
  gboolean number;
} Column;

/**
 * sb_model_table_format_shape:
 * @shape: (nullable): numbers
 *
 * Returns: (transfer full): such as "64 × 8 × 8"
 */
char *
sb_model_table_format_shape (JsonArray *shape)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; shape != NULL && i < json_array_get_length (shape); i++)
    g_string_append_printf (text,
                            "%s%" G_GINT64_FORMAT,
                            i > 0 ? " × " : "",
                            json_array_get_int_element (shape, i));
  return g_string_free (text, FALSE);
}

/**
 * sb_model_table_format_number:
 * @number: a number, not below zero
 *
 * Returns: (transfer full): its digits in groups of three
 */
char *
sb_model_table_format_number (gint64 number)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GINT64_FORMAT, number);
  GString *text = g_string_new (NULL);
  gsize n = strlen (digits);

  for (gsize i = 0; i < n; i++)
    {
      /* A narrow space that does not break. */
      if (i > 0 && (n - i) % 3 == 0)
        g_string_append (text, "\u202f");
      g_string_append_c (text, digits[i]);
    }
  return g_string_free (text, FALSE);
}

static const char *
name_kind (const char *kind)
{
  static const struct
  {
    const char *kind;
    const char *name;
  } names[] = {
    { "convolution", N_ ("Convolution") },
    { "max-pool", N_ ("Maximum pooling") },
    { "average-pool", N_ ("Average pooling") },
    { "dense", N_ ("Dense") },
    { "dropout", N_ ("Dropout") },
    { "batch-norm", N_ ("Batch normalization") },
    { "relu", N_ ("ReLU") },
    { "add", N_ ("Addition") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (names[i].kind, kind) == 0)
      return _ (names[i].name);
  return kind;
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  const Column *column = data;
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), column->number ? 1 : 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  /* Names are to be told apart also where it is narrow. */
  if (column->index == 0)
    gtk_label_set_width_chars (GTK_LABEL (label), NAME_CHARS);
  if (column->number)
    gtk_widget_add_css_class (label, "numeric");
  gtk_list_item_set_child (item, label);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  const Column *column = data;
  GtkStringList *row = gtk_list_item_get_item (item);

  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)),
                       gtk_string_list_get_string (row, column->index));
}

static void
add_column (GtkColumnView *table, const char *title, guint index, gboolean number)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkColumnViewColumn) column = NULL;
  Column *data = g_new0 (Column, 1);

  *data = (Column){ index, number };
  g_object_set_data_full (G_OBJECT (factory), "sb-column", data, g_free);
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), data);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), data);
  column = gtk_column_view_column_new (title, factory);
  gtk_column_view_column_set_expand (column, index == 0);
  gtk_column_view_column_set_resizable (column, TRUE);
  gtk_column_view_append_column (table, column);
}

static void
set_rows (GtkColumnView *table, GListStore *rows)
{
  g_autoptr (GtkNoSelection) selection = gtk_no_selection_new (G_LIST_MODEL (g_object_ref (rows)));

  gtk_column_view_set_model (table, GTK_SELECTION_MODEL (selection));
}

static void
clear_columns (GtkColumnView *table)
{
  GListModel *columns = gtk_column_view_get_columns (table);

  gtk_column_view_set_model (table, NULL);
  while (g_list_model_get_n_items (columns) > 0)
    {
      g_autoptr (GtkColumnViewColumn) column = g_list_model_get_item (columns, 0);

      gtk_column_view_remove_column (table, column);
    }
}

static void
add_row (GListStore *rows, const char *const *cells)
{
  g_autoptr (GtkStringList) row = gtk_string_list_new (cells);

  g_list_store_append (rows, row);
}

static void
add_layer (GListStore *rows, JsonObject *layer)
{
  gint64 parameters = sb_json_get_int (layer, "parameters", 0);
  g_autofree char *shape = sb_model_table_format_shape (sb_json_get_array (layer, "output"));
  g_autofree char *number =
      parameters > 0 ? sb_model_table_format_number (parameters) : g_strdup ("–");
  const char *const cells[] = { sb_json_get_string (layer, "name", ""),
                                name_kind (sb_json_get_string (layer, "kind", "")),
                                shape,
                                number,
                                NULL };

  add_row (rows, cells);
}

/**
 * sb_model_table_show_rows:
 * @table: a table
 * @titles: (array zero-terminated=1): of its columns
 * @rows: (element-type GStrv): a text for each column
 *
 * A table of anything.
 */
void
sb_model_table_show_rows (GtkColumnView *table, const char *const *titles, GPtrArray *rows)
{
  g_autoptr (GListStore) store = g_list_store_new (GTK_TYPE_STRING_LIST);

  clear_columns (table);
  for (guint i = 0; titles[i] != NULL; i++)
    add_column (table, titles[i], i, i > 0);
  for (guint i = 0; i < rows->len; i++)
    add_row (store, rows->pdata[i]);
  set_rows (table, store);
}

/**
 * sb_model_table_show_layers:
 * @table: a table
 * @description: as SbModelFile.description
 *
 * A row for each layer: its name, what it is, what it puts out, how many parameters it has.
 */
void
sb_model_table_show_layers (GtkColumnView *table, JsonObject *description)
{
  JsonArray *layers = sb_json_get_array (description, "layers");
  g_autoptr (GListStore) rows = g_list_store_new (GTK_TYPE_STRING_LIST);

  clear_columns (table);
  add_column (table, _ ("Name"), 0, FALSE);
  add_column (table, _ ("Layer"), 1, FALSE);
  add_column (table, _ ("Output"), 2, TRUE);
  add_column (table, _ ("Parameters"), 3, TRUE);
  for (guint i = 0; layers != NULL && i < json_array_get_length (layers); i++)
    add_layer (rows, json_array_get_object_element (layers, i));
  set_rows (table, rows);
}

/**
 * sb_model_table_show_values:
 * @table: a table
 * @values: texts
 *
 * A row for each hyperparameter.
 */
void
sb_model_table_show_values (GtkColumnView *table, JsonObject *values)
{
  g_autoptr (GListStore) rows = g_list_store_new (GTK_TYPE_STRING_LIST);
  g_autoptr (GList) names = g_list_sort (json_object_get_members (values), (GCompareFunc) strcmp);

  clear_columns (table);
  add_column (table, _ ("Hyperparameter"), 0, FALSE);
  add_column (table, _ ("Value"), 1, TRUE);
  for (GList *link = names; link != NULL; link = link->next)
    {
      const char *const cells[] = { link->data, sb_json_get_string (values, link->data, ""), NULL };

      add_row (rows, cells);
    }
  set_rows (table, rows);
}
