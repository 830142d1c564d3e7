/* sb-photo-grid.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-photo-grid.h"

#include <glib/gi18n.h>
#include <string.h>

#include "widgets/sb-accessible.h"
#include "widgets/sb-photo-cell.h"
#include "widgets/sb-scroll.h"

/* What thumbnails may take: the cells that GTK keeps ready at a scale of 2, and as many more. */
#define BUDGET (64 * 1024 * 1024)
/* Answers come by the hundred in a second; the order follows them that often. */
#define REFRESH_MS 250
/* Rows of photos are shown up to this height, in pixels; the others are scrolled to. */
#define MAX_HEIGHT 500
/* As in the .ui file. */
#define MIN_COLUMNS 2
#define MAX_COLUMNS 8
/* Letters of a name, in the row above the photos and in the list that drops down. */
#define SHORT_NAME 14
#define LONG_NAME  40

/**
 * SbPhotoGrid:
 *
 * Photos as thumbnails, as many in a row as there is room for: searched, filtered by label or by
 * mistake, sorted. Only what is near the part that is seen has widgets, so that there may be many
 * thousands.
 */
struct _SbPhotoGrid
{
  AdwBin parent_instance;

  SbThumbnailer *thumbnailer;
  GListModel *model; /* (nullable) (element-type SbPhotoEntry) */
  GtkFilterListModel *filtered;
  GtkSortListModel *sorted;
  GtkSingleSelection *selection;
  GtkFilter *filter;
  GtkSorter *sorter;
  SbPhotoOrder order;
  char *search; /* casefolded */
  char *label;  /* (nullable): only those */
  gboolean only_wrong;
  char *pair_truth; /* (nullable): only those that are this… */
  char *pair_label; /* …and were taken for that */
  guint refresh;
  guint fit;
  gboolean filling;

  GtkSearchEntry *search_entry;
  GtkDropDown *labels;
  GtkDropDown *orders;
  GtkToggleButton *wrong_button;
  GtkButton *pair_button;
  GtkLabel *pair_name;
  GtkLabel *count;
  GtkStack *stack;
  GtkScrolledWindow *scroller;
  GtkGridView *view;
};

enum
{
  PROP_0,
  PROP_SELECTED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (SbPhotoGrid, sb_photo_grid, ADW_TYPE_BIN)

static gboolean
is_shown (gpointer object, gpointer user_data)
{
  SbPhotoEntry *item = object;
  SbPhotoGrid *self = user_data;

  if (self->only_wrong && !sb_photo_entry_is_wrong (item))
    return FALSE;
  if (self->label != NULL && g_strcmp0 (sb_photo_entry_get_class (item), self->label) != 0)
    return FALSE;
  if (self->pair_truth != NULL &&
      (g_strcmp0 (sb_photo_entry_get_truth (item), self->pair_truth) != 0 ||
       g_strcmp0 (sb_photo_entry_get_label (item), self->pair_label) != 0))
    return FALSE;
  return sb_photo_entry_matches (item, self->search);
}

static int
compare_confidences (SbPhotoEntry *left, SbPhotoEntry *right, gboolean rising)
{
  double a = sb_photo_entry_get_confidence (left), b = sb_photo_entry_get_confidence (right);

  /* Without an answer it comes last, either way. */
  if (a < 0 || b < 0)
    return (a < 0) - (b < 0);
  return rising ? (a > b) - (a < b) : (a < b) - (a > b);
}

static int
compare_labels (SbPhotoEntry *left, SbPhotoEntry *right)
{
  const char *a = sb_photo_entry_get_class (left), *b = sb_photo_entry_get_class (right);

  if (a == NULL || b == NULL)
    return (a == NULL) - (b == NULL);
  return g_utf8_collate (a, b);
}

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  SbPhotoEntry *left = (SbPhotoEntry *) a, *right = (SbPhotoEntry *) b;
  SbPhotoGrid *self = user_data;
  int order = 0;

  switch (self->order)
    {
    case SB_PHOTO_ORDER_NAME:
      order = sb_photo_entry_compare_names (left, right);
      break;
    case SB_PHOTO_ORDER_LABEL:
      order = compare_labels (left, right);
      if (order == 0)
        order = compare_confidences (left, right, FALSE);
      break;
    case SB_PHOTO_ORDER_CERTAIN:
      order = compare_confidences (left, right, FALSE);
      break;
    case SB_PHOTO_ORDER_UNCERTAIN:
      order = compare_confidences (left, right, TRUE);
      break;
    case SB_PHOTO_ORDER_ADDED:
    default:
      break;
    }
  return order < 0 ? GTK_ORDERING_SMALLER : order > 0 ? GTK_ORDERING_LARGER : GTK_ORDERING_EQUAL;
}

static guint
count_all (SbPhotoGrid *self)
{
  return self->model != NULL ? g_list_model_get_n_items (self->model) : 0;
}

/* A grid view asks for a height as if it were as narrow as it can be; here it gets that of the rows
 * that there are. */
static gboolean
on_fit (gpointer data)
{
  SbPhotoGrid *self = data;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));
  GtkWidget *cell = gtk_widget_get_first_child (GTK_WIDGET (self->view));
  int columns, rows, width, height;

  self->fit = 0;
  if (cell == NULL || gtk_widget_get_width (GTK_WIDGET (self->view)) == 0)
    return G_SOURCE_REMOVE;
  gtk_widget_measure (cell, GTK_ORIENTATION_HORIZONTAL, -1, &width, NULL, NULL, NULL);
  gtk_widget_measure (cell, GTK_ORIENTATION_VERTICAL, -1, NULL, &height, NULL, NULL);
  columns = gtk_widget_get_width (GTK_WIDGET (self->view)) / MAX (width, 1);
  columns = CLAMP (columns, MIN_COLUMNS, MAX_COLUMNS);
  rows = ((int) n + columns - 1) / columns;
  gtk_scrolled_window_set_min_content_height (self->scroller,
                                              CLAMP (rows * height, height, MAX_HEIGHT));
  return G_SOURCE_REMOVE;
}

static void
fit (SbPhotoGrid *self)
{
  if (self->fit == 0)
    self->fit = g_idle_add (on_fit, self);
}

static void
show_count (SbPhotoGrid *self)
{
  guint all = count_all (self);
  guint shown = g_list_model_get_n_items (G_LIST_MODEL (self->selection));
  g_autofree char *text = NULL;

  if (shown == all)
    text = g_strdup_printf (ngettext ("%u photo", "%u photos", all), all);
  else
    text = g_strdup_printf (ngettext ("%u of %u photo", "%u of %u photos", all), shown, all);
  gtk_label_set_label (self->count, text);
  gtk_stack_set_visible_child_name (self->stack, shown > 0 || all == 0 ? "photos" : "none");
  fit (self);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_utf8_collate (*(const char *const *) a, *(const char *const *) b);
}

/* The classes that there are, sorted; and whether any photo has both a label and a truth. */
static GPtrArray *
list_classes (SbPhotoGrid *self, gboolean *checked)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  *checked = FALSE;
  for (guint i = 0; i < count_all (self); i++)
    {
      g_autoptr (SbPhotoEntry) item = g_list_model_get_item (self->model, i);
      const char *class = sb_photo_entry_get_class (item);

      *checked = *checked || (sb_photo_entry_get_truth (item) != NULL &&
                              sb_photo_entry_get_label (item) != NULL);
      if (class != NULL && !g_hash_table_contains (seen, class))
        {
          g_ptr_array_add (names, g_strdup (class));
          g_hash_table_add (seen, g_ptr_array_index (names, names->len - 1));
        }
    }
  g_ptr_array_sort (names, compare_names);
  return names;
}

static gboolean
has_names (GtkStringList *list, const GPtrArray *names)
{
  if (g_list_model_get_n_items (G_LIST_MODEL (list)) != names->len + 1)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    if (strcmp (gtk_string_list_get_string (list, i + 1), names->pdata[i]) != 0)
      return FALSE;
  return TRUE;
}

static guint
find_name (const GPtrArray *names, const char *name)
{
  for (guint i = 0; name != NULL && i < names->len; i++)
    if (strcmp (names->pdata[i], name) == 0)
      return i + 1;
  return 0;
}

static void
fill_labels (SbPhotoGrid *self)
{
  gboolean checked;
  g_autoptr (GPtrArray) names = list_classes (self, &checked);
  GtkStringList *list = GTK_STRING_LIST (gtk_drop_down_get_model (self->labels));

  gtk_widget_set_visible (GTK_WIDGET (self->wrong_button), checked || self->only_wrong);
  gtk_widget_set_visible (GTK_WIDGET (self->labels), names->len > 1 || self->label != NULL);
  if (has_names (list, names))
    return;
  self->filling = TRUE;
  /* A label that no photo has any more stays chosen, and nothing is shown. */
  if (self->label != NULL && find_name (names, self->label) == 0)
    g_ptr_array_add (names, g_strdup (self->label));
  g_ptr_array_add (names, NULL);
  gtk_string_list_splice (list,
                          1,
                          g_list_model_get_n_items (G_LIST_MODEL (list)) - 1,
                          (const char *const *) names->pdata);
  g_ptr_array_set_size (names, (int) names->len - 1);
  gtk_drop_down_set_selected (self->labels, find_name (names, self->label));
  self->filling = FALSE;
}

static void
apply_filter (SbPhotoGrid *self)
{
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
  show_count (self);
}

static void
update (SbPhotoGrid *self)
{
  g_clear_handle_id (&self->refresh, g_source_remove);
  fill_labels (self);
  if (self->order != SB_PHOTO_ORDER_ADDED && self->order != SB_PHOTO_ORDER_NAME)
    gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
  apply_filter (self);
}

static gboolean
on_refresh (gpointer data)
{
  SbPhotoGrid *self = data;

  self->refresh = 0;
  update (self);
  return G_SOURCE_REMOVE;
}

/**
 * sb_photo_grid_refresh:
 * @self: a grid
 *
 * To be called when photos of its model have got answers: filter and order follow soon. May be
 * called as often as there are answers.
 */
void
sb_photo_grid_refresh (SbPhotoGrid *self)
{
  if (self->refresh == 0)
    self->refresh = g_timeout_add (REFRESH_MS, on_refresh, self);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, SbPhotoGrid *self)
{
  show_count (self);
  sb_photo_grid_refresh (self);
}

/**
 * sb_photo_grid_set_model:
 * @self: a grid
 * @model: (nullable) (element-type SbPhotoEntry): what it shows
 */
void
sb_photo_grid_set_model (SbPhotoGrid *self, GListModel *model)
{
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_func (self->model, on_items_changed, self);
  g_set_object (&self->model, model);
  gtk_filter_list_model_set_model (self->filtered, model);
  if (model != NULL)
    g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), self);
  update (self);
}

/**
 * sb_photo_grid_get_shown:
 * @self: a grid
 *
 * Returns: (transfer none) (element-type SbPhotoEntry): what is shown, in its order
 */
GListModel *
sb_photo_grid_get_shown (SbPhotoGrid *self)
{
  return G_LIST_MODEL (self->selection);
}

/**
 * sb_photo_grid_get_thumbnailer:
 * @self: a grid
 *
 * Returns: (transfer none): what makes its thumbnails
 */
SbThumbnailer *
sb_photo_grid_get_thumbnailer (SbPhotoGrid *self)
{
  return self->thumbnailer;
}

/**
 * sb_photo_grid_get_selected:
 * @self: a grid
 *
 * Returns: (transfer none) (nullable): the photo that is selected
 */
SbPhotoEntry *
sb_photo_grid_get_selected (SbPhotoGrid *self)
{
  return gtk_single_selection_get_selected_item (self->selection);
}

void
sb_photo_grid_set_order (SbPhotoGrid *self, SbPhotoOrder order)
{
  gtk_drop_down_set_selected (self->orders, order);
  if (self->order == order)
    return;
  self->order = order;
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
}

/**
 * sb_photo_grid_set_label:
 * @self: a grid
 * @label: (nullable): show only photos with this label; %NULL for all
 */
void
sb_photo_grid_set_label (SbPhotoGrid *self, const char *label)
{
  GtkStringList *list = GTK_STRING_LIST (gtk_drop_down_get_model (self->labels));

  if (g_strcmp0 (self->label, label) == 0)
    return;
  g_free (self->label);
  self->label = g_strdup (label);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (list)); i++)
    if (i == 0 ? label == NULL : g_strcmp0 (gtk_string_list_get_string (list, i), label) == 0)
      gtk_drop_down_set_selected (self->labels, i);
  apply_filter (self);
}

/**
 * sb_photo_grid_set_search:
 * @self: a grid
 * @text: show only photos that have this in their name or labels; empty for all
 */
void
sb_photo_grid_set_search (SbPhotoGrid *self, const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);

  if (strcmp (gtk_editable_get_text (GTK_EDITABLE (self->search_entry)), text) != 0)
    gtk_editable_set_text (GTK_EDITABLE (self->search_entry), text);
  if (strcmp (self->search, folded) == 0)
    return;
  g_free (self->search);
  self->search = g_steal_pointer (&folded);
  apply_filter (self);
}

void
sb_photo_grid_set_only_wrong (SbPhotoGrid *self, gboolean only_wrong)
{
  gtk_toggle_button_set_active (self->wrong_button, only_wrong);
  if (self->only_wrong == only_wrong)
    return;
  self->only_wrong = only_wrong;
  apply_filter (self);
}

/**
 * sb_photo_grid_set_pair:
 * @self: a grid
 * @truth: (nullable): show only photos that are this…
 * @label: (nullable): …and that were taken for this; %NULL for all
 *
 * One cell of a confusion matrix.
 */
void
sb_photo_grid_set_pair (SbPhotoGrid *self, const char *truth, const char *label)
{
  g_autofree char *text = NULL;

  g_free (self->pair_truth);
  g_free (self->pair_label);
  self->pair_truth = g_strdup (truth);
  self->pair_label = g_strdup (label);
  /* translators: what it really is, what it was taken for */
  text = truth != NULL ? g_strdup_printf (_ ("%s taken for %s"), truth, label) : g_strdup ("");
  gtk_label_set_label (self->pair_name, text);
  gtk_widget_set_visible (GTK_WIDGET (self->pair_button), truth != NULL);
  apply_filter (self);
}

static void
on_search (GtkSearchEntry *entry, SbPhotoGrid *self)
{
  sb_photo_grid_set_search (self, gtk_editable_get_text (GTK_EDITABLE (entry)));
}

static void
on_label (GtkDropDown *labels, GParamSpec *pspec, SbPhotoGrid *self)
{
  guint selected = gtk_drop_down_get_selected (labels);

  if (self->filling || selected == GTK_INVALID_LIST_POSITION)
    return;
  sb_photo_grid_set_label (self,
                           selected > 0
                               ? gtk_string_list_get_string (
                                     GTK_STRING_LIST (gtk_drop_down_get_model (labels)), selected)
                               : NULL);
}

static void
on_order (GtkDropDown *orders, GParamSpec *pspec, SbPhotoGrid *self)
{
  sb_photo_grid_set_order (self, (SbPhotoOrder) gtk_drop_down_get_selected (orders));
}

static void
on_only_wrong (GtkToggleButton *button, SbPhotoGrid *self)
{
  sb_photo_grid_set_only_wrong (self, gtk_toggle_button_get_active (button));
}

static void
on_pair_closed (GtkButton *button, SbPhotoGrid *self)
{
  sb_photo_grid_set_pair (self, NULL, NULL);
}

static void
on_show_all (GtkButton *button, SbPhotoGrid *self)
{
  sb_photo_grid_set_search (self, "");
  sb_photo_grid_set_label (self, NULL);
  sb_photo_grid_set_only_wrong (self, FALSE);
  sb_photo_grid_set_pair (self, NULL, NULL);
}

static void
on_selected (GtkSingleSelection *selection, GParamSpec *pspec, SbPhotoGrid *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SELECTED]);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, SbPhotoGrid *self)
{
  gtk_list_item_set_child (item, sb_photo_cell_new (self->thumbnailer));
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, SbPhotoGrid *self)
{
  sb_photo_cell_set_item (SB_PHOTO_CELL (gtk_list_item_get_child (item)),
                          gtk_list_item_get_item (item));
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, SbPhotoGrid *self)
{
  sb_photo_cell_set_item (SB_PHOTO_CELL (gtk_list_item_get_child (item)), NULL);
}

static void
set_up_name (GtkListItem *item, int max_width)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), max_width);
  gtk_list_item_set_child (item, label);
}

/* What is chosen must leave room for the rest of the row… */
static void
on_short_setup (GtkSignalListItemFactory *factory, GtkListItem *item, SbPhotoGrid *self)
{
  set_up_name (item, SHORT_NAME);
}

/* …while a list drops down to be read. */
static void
on_long_setup (GtkSignalListItemFactory *factory, GtkListItem *item, SbPhotoGrid *self)
{
  set_up_name (item, LONG_NAME);
}

static void
on_name_bind (GtkSignalListItemFactory *factory, GtkListItem *item, SbPhotoGrid *self)
{
  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)),
                       gtk_string_object_get_string (
                           GTK_STRING_OBJECT (gtk_list_item_get_item (item))));
}

static void
sb_photo_grid_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_SELECTED:
      g_value_set_object (value, sb_photo_grid_get_selected (SB_PHOTO_GRID (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_photo_grid_dispose (GObject *object)
{
  SbPhotoGrid *self = SB_PHOTO_GRID (object);

  g_clear_handle_id (&self->refresh, g_source_remove);
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_func (self->model, on_items_changed, self);
  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_PHOTO_GRID);
  g_clear_handle_id (&self->fit, g_source_remove);
  g_clear_object (&self->selection);
  g_clear_object (&self->model);
  g_clear_object (&self->thumbnailer);
  G_OBJECT_CLASS (sb_photo_grid_parent_class)->dispose (object);
}

static void
sb_photo_grid_finalize (GObject *object)
{
  SbPhotoGrid *self = SB_PHOTO_GRID (object);

  g_free (self->search);
  g_free (self->label);
  g_free (self->pair_truth);
  g_free (self->pair_label);
  G_OBJECT_CLASS (sb_photo_grid_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-photo-grid.ui");
  gtk_widget_class_bind_template_child (widget_class, SbPhotoGrid, search_entry);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoGrid, labels);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoGrid, orders);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoGrid, wrong_button);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoGrid, pair_button);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoGrid, pair_name);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoGrid, count);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoGrid, stack);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoGrid, scroller);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoGrid, view);
  gtk_widget_class_bind_template_callback (widget_class, on_search);
  gtk_widget_class_bind_template_callback (widget_class, on_label);
  gtk_widget_class_bind_template_callback (widget_class, on_order);
  gtk_widget_class_bind_template_callback (widget_class, on_only_wrong);
  gtk_widget_class_bind_template_callback (widget_class, on_pair_closed);
  gtk_widget_class_bind_template_callback (widget_class, on_show_all);
  gtk_widget_class_bind_template_callback (widget_class, on_short_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_long_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_name_bind);
  gtk_widget_class_bind_template_callback (widget_class, on_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_bind);
  gtk_widget_class_bind_template_callback (widget_class, on_unbind);
}

static void
sb_photo_grid_class_init (SbPhotoGridClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sb_photo_grid_dispose;
  object_class->finalize = sb_photo_grid_finalize;
  object_class->get_property = sb_photo_grid_get_property;
  /**
   * SbPhotoGrid:selected:
   *
   * The photo that is selected.
   */
  properties[PROP_SELECTED] =
      g_param_spec_object ("selected",
                           NULL,
                           NULL,
                           SB_TYPE_PHOTO_ENTRY,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  bind_template (GTK_WIDGET_CLASS (klass));
}

static void
sb_photo_grid_init (SbPhotoGrid *self)
{
  self->thumbnailer = sb_thumbnailer_new (BUDGET);
  self->search = g_strdup ("");
  gtk_widget_init_template (GTK_WIDGET (self));
  sb_accessible_keep_name (self->labels);
  sb_accessible_keep_name (self->orders);
  sb_scroll_on (GTK_WIDGET (self->scroller));
  self->filter = GTK_FILTER (gtk_custom_filter_new (is_shown, self, NULL));
  self->sorter = GTK_SORTER (gtk_custom_sorter_new (compare, self, NULL));
  self->filtered = gtk_filter_list_model_new (NULL, self->filter);
  self->sorted = gtk_sort_list_model_new (G_LIST_MODEL (self->filtered), self->sorter);
  self->selection = gtk_single_selection_new (G_LIST_MODEL (self->sorted));
  g_signal_connect (self->selection, "notify::selected-item", G_CALLBACK (on_selected), self);
  gtk_grid_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  show_count (self);
  g_signal_connect_object (gtk_scrolled_window_get_hadjustment (self->scroller),
                           "notify::page-size",
                           G_CALLBACK (fit),
                           self,
                           G_CONNECT_SWAPPED);
}

/**
 * sb_photo_grid_new:
 * @title: its accessible name
 *
 * Returns: a grid without photos
 */
GtkWidget *
sb_photo_grid_new (const char *title)
{
  SbPhotoGrid *self = g_object_new (SB_TYPE_PHOTO_GRID, NULL);

  sb_accessible_set_name (self->view, title);
  return GTK_WIDGET (self);
}
