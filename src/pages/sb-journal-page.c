/* sb-journal-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-journal-page.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-code-window.h"
#include "pages/sb-format.h"
#include "pages/sb-page-frame.h"
#include "widgets/sb-accessible.h"

/* So many calls are shown at first, and more whenever people want more. */
#define STEP 100

/**
 * Kind:
 * @KIND_ALL: every call
 * @KIND_CHANGES: those that do more than look
 * @KIND_FAILURES: those that have failed
 *
 * In the order of the menu.
 */
typedef enum
{
  KIND_ALL,
  KIND_CHANGES,
  KIND_FAILURES,
} Kind;

/**
 * SbJournalPage:
 *
 * What Sagebrush has asked of the services on a connection, the newest first, also while it asks;
 * and the same as a person would write it.
 */
struct _SbJournalPage
{
  AdwBin parent_instance;

  SbWorkshop *workshop;
  GtkCustomFilter *filter;
  GListModel *found;
  GtkSliceListModel *shown;
  char *wanted; /* what is searched for, folded */
  SbPageFrame *frame;
  GtkWidget *code_button;
  GtkWidget *tools;
  GtkEditable *search;
  GtkDropDown *kind;
  GtkWidget *none;
  GtkWidget *no_match;
  GtkListBox *rows;
  GtkWidget *more;
};

G_DEFINE_FINAL_TYPE (SbJournalPage, sb_journal_page, ADW_TYPE_BIN)

static const char *
get_module_title (SbJournalPage *self, SbJournalEntry *entry)
{
  const char *id = sb_journal_entry_get_module (entry);
  SbModule *module =
      id != NULL ? sb_module_store_find (sb_workshop_get_modules (self->workshop), id) : NULL;

  return module != NULL ? sb_module_get_title (module) : id;
}

static gboolean
has (const char *text, const char *part)
{
  g_autofree char *folded = text != NULL ? g_utf8_casefold (text, -1) : NULL;

  return folded != NULL && strstr (folded, part) != NULL;
}

static gboolean
has_wanted (SbJournalPage *self, SbJournalEntry *entry)
{
  const char *const texts[] = {
    sb_journal_entry_get_service (entry),    sb_journal_entry_get_operation (entry),
    sb_journal_entry_get_error_code (entry), sb_journal_entry_get_message (entry),
    sb_journal_entry_get_step (entry),       get_module_title (self, entry),
  };

  if (self->wanted == NULL || *self->wanted == '\0')
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (has (texts[i], self->wanted))
      return TRUE;
  return FALSE;
}

/* Names of operations begin with what they do. */
static gboolean
only_looks (SbJournalEntry *entry)
{
  static const char *const beginnings[] = { "Describe", "List", "Get", "Head", "Filter", "Invoke" };
  const char *operation = sb_journal_entry_get_operation (entry);

  for (guint i = 0; operation != NULL && i < G_N_ELEMENTS (beginnings); i++)
    if (g_str_has_prefix (operation, beginnings[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_of_kind (SbJournalEntry *entry, Kind kind)
{
  switch (kind)
    {
    case KIND_CHANGES:
      return !only_looks (entry);
    case KIND_FAILURES:
      return sb_journal_entry_get_error_code (entry) != NULL ||
             sb_journal_entry_get_message (entry) != NULL;
    case KIND_ALL:
    default:
      return TRUE;
    }
}

/* The journal is one for all connections; code that asks several at once would be of no use. */
static gboolean
is_wanted (gpointer item, gpointer data)
{
  SbJournalPage *self = data;
  SbConnection *connection = sb_workshop_get_connection (self->workshop);

  return g_strcmp0 (sb_journal_entry_get_connection (item), sb_connection_get_name (connection)) ==
             0 &&
         is_of_kind (item, gtk_drop_down_get_selected (self->kind)) && has_wanted (self, item);
}

static int
compare_times (gconstpointer a, gconstpointer b, gpointer data)
{
  double first = sb_journal_entry_get_time ((gpointer) a);
  double second = sb_journal_entry_get_time ((gpointer) b);

  return (second > first) - (second < first);
}

static void
add_part (GString *text, const char *part)
{
  if (part != NULL && *part != '\0')
    g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", part);
}

static char *
describe (SbJournalPage *self, SbJournalEntry *entry)
{
  GString *text = g_string_new (NULL);
  g_autofree char *time = sb_format_time ((gint64) sb_journal_entry_get_time (entry));
  /* translators: how long a call has taken, in milliseconds */
  g_autofree char *duration =
      g_strdup_printf (_ ("%.0f ms"), 1000 * sb_journal_entry_get_duration (entry));

  add_part (text, sb_journal_entry_get_error_code (entry));
  add_part (text, sb_journal_entry_get_message (entry));
  add_part (text, sb_journal_entry_get_service (entry));
  add_part (text, time);
  add_part (text, duration);
  add_part (text, get_module_title (self, entry));
  add_part (text, sb_journal_entry_get_step (entry));
  return g_string_free (text, FALSE);
}

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  SbJournalPage *self = data;
  SbJournalEntry *entry = item;
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *text = describe (self, entry);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), sb_journal_entry_get_operation (entry));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 3);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  if (is_of_kind (entry, KIND_FAILURES))
    {
      GtkWidget *icon = gtk_image_new_from_icon_name ("dialog-warning-symbolic");

      sb_accessible_set_name (icon, _ ("Failed"));
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), icon);
    }
  g_object_set_data_full (G_OBJECT (row), "sb-entry", g_object_ref (entry), g_object_unref);
  return row;
}

static void
show_code (SbJournalPage *self, const char *title, GPtrArray *entries)
{
  sb_code_window_show_entries (GTK_WIDGET (self),
                               title,
                               entries,
                               sb_workshop_get_connection (self->workshop));
}

static void
on_activated (GtkListBox *list, GtkListBoxRow *row, SbJournalPage *self)
{
  SbJournalEntry *entry = g_object_get_data (G_OBJECT (row), "sb-entry");
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (entries, g_object_ref (entry));
  show_code (self, sb_journal_entry_get_operation (entry), entries);
}

/* A program does things in the order in which they were done. */
static void
on_code (SbJournalPage *self)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = g_list_model_get_n_items (self->found); i > 0; i--)
    g_ptr_array_add (entries, g_list_model_get_item (self->found, i - 1));
  show_code (self, _ ("Journal"), entries);
}

static void
show_state (SbJournalPage *self)
{
  guint n = g_list_model_get_n_items (self->found);
  gboolean any =
      g_list_model_get_n_items (G_LIST_MODEL (sb_workshop_get_journal (self->workshop))) > 0;

  gtk_widget_set_visible (self->tools, any);
  gtk_widget_set_visible (self->none, !any);
  gtk_widget_set_visible (self->no_match, any && n == 0);
  gtk_widget_set_visible (GTK_WIDGET (self->rows), n > 0);
  gtk_widget_set_visible (self->more, n > gtk_slice_list_model_get_size (self->shown));
  gtk_widget_set_sensitive (self->code_button, n > 0);
}

static void
on_found (GListModel *found, guint position, guint removed, guint added, SbJournalPage *self)
{
  show_state (self);
}

static void
on_filter (SbJournalPage *self)
{
  g_free (self->wanted);
  self->wanted = g_utf8_casefold (gtk_editable_get_text (self->search), -1);
  if (self->filter == NULL)
    return;
  gtk_slice_list_model_set_size (self->shown, STEP);
  gtk_filter_changed (GTK_FILTER (self->filter), GTK_FILTER_CHANGE_DIFFERENT);
  show_state (self);
}

static void
on_more (SbJournalPage *self)
{
  gtk_slice_list_model_set_size (self->shown, gtk_slice_list_model_get_size (self->shown) + STEP);
  show_state (self);
}

/* Rows are made when somebody looks: the journal goes on all the time. */
static void
sb_journal_page_map (GtkWidget *widget)
{
  SbJournalPage *self = SB_JOURNAL_PAGE (widget);

  gtk_list_box_bind_model (self->rows, G_LIST_MODEL (self->shown), make_row, self, NULL);
  show_state (self);
  GTK_WIDGET_CLASS (sb_journal_page_parent_class)->map (widget);
}

static void
sb_journal_page_unmap (GtkWidget *widget)
{
  SbJournalPage *self = SB_JOURNAL_PAGE (widget);

  GTK_WIDGET_CLASS (sb_journal_page_parent_class)->unmap (widget);
  gtk_list_box_bind_model (self->rows, NULL, NULL, NULL, NULL);
}

static void
sb_journal_page_dispose (GObject *object)
{
  SbJournalPage *self = SB_JOURNAL_PAGE (object);

  /* The frame is a child and is bound: nobody else may unparent it. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_JOURNAL_PAGE);
  g_clear_object (&self->filter);
  g_clear_object (&self->shown);
  g_clear_object (&self->found);
  g_clear_object (&self->workshop);
  G_OBJECT_CLASS (sb_journal_page_parent_class)->dispose (object);
}

static void
sb_journal_page_finalize (GObject *object)
{
  g_free (SB_JOURNAL_PAGE (object)->wanted);
  G_OBJECT_CLASS (sb_journal_page_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, SbJournalPage, frame);
  gtk_widget_class_bind_template_child (widget_class, SbJournalPage, code_button);
  gtk_widget_class_bind_template_child (widget_class, SbJournalPage, tools);
  gtk_widget_class_bind_template_child (widget_class, SbJournalPage, search);
  gtk_widget_class_bind_template_child (widget_class, SbJournalPage, kind);
  gtk_widget_class_bind_template_child (widget_class, SbJournalPage, none);
  gtk_widget_class_bind_template_child (widget_class, SbJournalPage, no_match);
  gtk_widget_class_bind_template_child (widget_class, SbJournalPage, rows);
  gtk_widget_class_bind_template_child (widget_class, SbJournalPage, more);
}

static void
sb_journal_page_class_init (SbJournalPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_journal_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_journal_page_finalize;
  widget_class->map = sb_journal_page_map;
  widget_class->unmap = sb_journal_page_unmap;
  g_type_ensure (SB_TYPE_PAGE_FRAME);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-journal-page.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_code);
  gtk_widget_class_bind_template_callback (widget_class, on_filter);
  gtk_widget_class_bind_template_callback (widget_class, on_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_more);
}

static void
sb_journal_page_init (SbJournalPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sb_accessible_keep_name (self->kind);
  sb_page_frame_hide_refresh (self->frame);
}

/**
 * sb_journal_page_new:
 * @workshop: whose journal is shown, as far as its connection has a part in it
 *
 * Returns: the page
 */
GtkWidget *
sb_journal_page_new (SbWorkshop *workshop)
{
  SbJournalPage *self = g_object_new (SB_TYPE_JOURNAL_PAGE, NULL);
  GListModel *journal = G_LIST_MODEL (sb_workshop_get_journal (workshop));
  GtkSorter *sorter = GTK_SORTER (gtk_custom_sorter_new (compare_times, NULL, NULL));

  self->workshop = g_object_ref (workshop);
  self->filter = gtk_custom_filter_new (is_wanted, self, NULL);
  self->found = G_LIST_MODEL (gtk_sort_list_model_new (
      G_LIST_MODEL (gtk_filter_list_model_new (g_object_ref (journal),
                                               g_object_ref (GTK_FILTER (self->filter)))),
      sorter));
  self->shown = gtk_slice_list_model_new (g_object_ref (self->found), 0, STEP);
  g_signal_connect_object (self->found, "items-changed", G_CALLBACK (on_found), self, 0);
  show_state (self);
  return GTK_WIDGET (self);
}
