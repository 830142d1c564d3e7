/* sb-predict-form.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-predict-form.h"

#include <glib/gi18n.h>

#include "formats/sb-csv.h"
#include "pages/sb-file-dialog.h"
#include "widgets/sb-accessible.h"
#include "widgets/sb-scroll.h"
#include "wire/sb-json.h"

/**
 * SbPredictForm:
 *
 * One game, described with rows; the probability that it is a hit follows every change. At most one
 * question is on its way, and the newest description wins.
 */
struct _SbPredictForm
{
  AdwBin parent_instance;

  SbRun *run;
  JsonObject *game;
  GtkWidget *answer;
  GtkWidget *bar;
  GtkWidget *batch;
  GCancellable *cancellable;
  JsonArray *games;
  gboolean asking;
  gboolean changed;
};

G_DEFINE_FINAL_TYPE (SbPredictForm, sb_predict_form, ADW_TYPE_BIN)

static void ask (SbPredictForm *self);

static void
show_answer (SbPredictForm *self, double score, const char *problem)
{
  g_autofree char *text = problem != NULL
                              ? g_strdup (problem)
                              : g_strdup_printf (_ ("%.1f %% likely a hit"), 100 * score);

  gtk_label_set_label (GTK_LABEL (self->answer), text);
  gtk_level_bar_set_value (GTK_LEVEL_BAR (self->bar), problem != NULL ? 0 : score);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->bar),
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  text,
                                  -1);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbPredictForm) self = data;
  g_autoptr (GError) error = NULL;
  double score = sb_run_predict_game_finish (SB_RUN (source), result, &error);

  self->asking = FALSE;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  show_answer (self, score, error != NULL ? error->message : NULL);
  if (self->changed)
    ask (self);
}

static void
ask (SbPredictForm *self)
{
  if (self->asking)
    {
      self->changed = TRUE;
      return;
    }
  self->asking = TRUE;
  self->changed = FALSE;
  sb_run_predict_game_async (
      self->run, self->game, self->cancellable, on_answer, g_object_ref (self));
}

static void
on_selected (AdwComboRow *row, GParamSpec *pspec, SbPredictForm *self)
{
  GtkStringObject *item = adw_combo_row_get_selected_item (row);

  if (item == NULL)
    return;
  json_object_set_string_member (self->game,
                                 g_object_get_data (G_OBJECT (row), "sb-field"),
                                 gtk_string_object_get_string (item));
  ask (self);
}

static void
on_spun (GtkSpinButton *spin, SbPredictForm *self)
{
  json_object_set_double_member (self->game,
                                 g_object_get_data (G_OBJECT (spin), "sb-field"),
                                 gtk_spin_button_get_value (spin));
  ask (self);
}

static void
add_words (SbPredictForm *self,
           GtkListBox *list,
           const char *field,
           const char *title,
           JsonArray *words)
{
  GtkWidget *row = adw_combo_row_new ();
  g_autoptr (GtkStringList) model = gtk_string_list_new (NULL);
  const char *present = sb_json_get_string (self->game, field, "");

  for (guint i = 0; words != NULL && i < json_array_get_length (words); i++)
    gtk_string_list_append (model, json_array_get_string_element (words, i));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_combo_row_set_model (ADW_COMBO_ROW (row), G_LIST_MODEL (model));
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (model)); i++)
    if (g_strcmp0 (gtk_string_list_get_string (model, i), present) == 0)
      adw_combo_row_set_selected (ADW_COMBO_ROW (row), i);
  g_object_set_data (G_OBJECT (row), "sb-field", (gpointer) field);
  sb_accessible_set_name (row, title);
  g_signal_connect (row, "notify::selected", G_CALLBACK (on_selected), self);
  gtk_list_box_append (list, row);
}

static void
add_number (SbPredictForm *self,
            GtkListBox *list,
            const char *field,
            const char *title,
            double maximum,
            double step)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *spin = gtk_spin_button_new_with_range (0, maximum, step);

  sb_scroll_past (spin);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  gtk_spin_button_set_digits (GTK_SPIN_BUTTON (spin), step < 1 ? 1 : 0);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (spin), sb_json_get_double (self->game, field, 0));
  gtk_widget_set_valign (spin, GTK_ALIGN_CENTER);
  sb_accessible_set_name (spin, title);
  g_object_set_data (G_OBJECT (spin), "sb-field", (gpointer) field);
  g_signal_connect (spin, "value-changed", G_CALLBACK (on_spun), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), spin);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), spin);
  gtk_list_box_append (list, row);
}

static GString *
games_to_csv (JsonArray *games)
{
  static const char *const members[] = { "Name",   "Platform",     "Genre",     "Publisher",
                                         "Rating", "Critic_Score", "User_Score" };
  GString *out = g_string_new ("Name,Platform,Genre,Publisher,Rating,Critic_Score,User_Score,"
                               "Probability,Problem\n");

  for (guint i = 0; i < json_array_get_length (games); i++)
    {
      JsonObject *game = json_array_get_object_element (games, i);
      char score[G_ASCII_DTOSTR_BUF_SIZE] = "";
      const char *fields[G_N_ELEMENTS (members) + 3] = { NULL };
      guint n = 0;

      for (; n < G_N_ELEMENTS (members); n++)
        fields[n] = sb_json_get_string (game, members[n], "");
      if (json_object_has_member (game, "score"))
        g_ascii_formatd (score, sizeof score, "%.6f", sb_json_get_double (game, "score", 0));
      fields[n++] = score;
      fields[n] = sb_json_get_string (game, "problem", "");
      sb_csv_append_row (out, fields);
    }
  return out;
}

static void
on_save_response (GtkNativeDialog *dialog, int response, SbPredictForm *self)
{
  g_autoptr (GFile) file = NULL;
  g_autoptr (GError) error = NULL;
  GString *text;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  g_object_unref (dialog);
  if (file == NULL || self->games == NULL)
    return;
  text = games_to_csv (self->games);
  if (!g_file_replace_contents (
          file, text->str, text->len, NULL, FALSE, G_FILE_CREATE_NONE, NULL, NULL, &error))
    show_answer (self, 0, error->message);
  g_string_free (text, TRUE);
}

static GtkFileChooserNative *
make_dialog (SbPredictForm *self, const char *title, GtkFileChooserAction action)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  return gtk_file_chooser_native_new (
      title, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, action, NULL, NULL);
}

static void
save_csv (GtkButton *button, SbPredictForm *self)
{
  GtkFileChooserNative *dialog =
      make_dialog (self, _ ("Save Predictions"), GTK_FILE_CHOOSER_ACTION_SAVE);

  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), "predictions.csv");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_save_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static GtkWidget *
make_cell (const char *text, gboolean number)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (label), number ? 1 : 0);
  if (number)
    gtk_widget_add_css_class (label, "numeric");
  gtk_widget_set_hexpand (label, !number);
  return label;
}

static GtkWidget *
make_game_row (gpointer item, gpointer data)
{
  SbPredictForm *self = data;
  guint index = (guint) g_ascii_strtoull (gtk_string_object_get_string (item), NULL, 10);
  JsonObject *game = json_array_get_object_element (self->games, index);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  const char *problem = sb_json_get_string (game, "problem", NULL);
  g_autofree char *score =
      problem != NULL ? g_strdup (problem)
                      : g_strdup_printf ("%.1f %%", 100 * sb_json_get_double (game, "score", 0));

  gtk_widget_set_margin_start (box, 12);
  gtk_widget_set_margin_end (box, 12);
  gtk_widget_set_margin_top (box, 8);
  gtk_widget_set_margin_bottom (box, 8);
  gtk_box_append (GTK_BOX (box),
                  make_cell (sb_json_get_string (game, "Name", _ ("(no name)")), FALSE));
  gtk_box_append (GTK_BOX (box), make_cell (sb_json_get_string (game, "Platform", ""), FALSE));
  gtk_box_append (GTK_BOX (box), make_cell (score, TRUE));
  return box;
}

/* A list box makes a widget for every row: what is shown is a beginning, the file has it all. */
#define SHOWN_GAMES 200

static void
show_games (SbPredictForm *self)
{
  guint n = json_array_get_length (self->games);
  GtkWidget *list = gtk_list_box_new ();
  GtkWidget *save = gtk_button_new_with_label (_ ("Save as CSV…"));
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  g_autoptr (GtkStringList) model = gtk_string_list_new (NULL);
  g_autofree char *title = g_strdup_printf (ngettext ("%u game", "%u games", n), n);

  for (guint i = 0; i < MIN (n, SHOWN_GAMES); i++)
    {
      g_autofree char *index = g_strdup_printf ("%u", i);

      gtk_string_list_append (model, index);
    }
  gtk_list_box_bind_model (GTK_LIST_BOX (list), G_LIST_MODEL (model), make_game_row, self, NULL);
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  sb_accessible_set_name (list, _ ("Predictions"));
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), list);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (scroller), 220);
  gtk_scrolled_window_set_has_frame (GTK_SCROLLED_WINDOW (scroller), TRUE);
  gtk_widget_set_halign (save, GTK_ALIGN_START);
  g_signal_connect (save, "clicked", G_CALLBACK (save_csv), self);
  gtk_box_append (GTK_BOX (box), gtk_label_new (title));
  gtk_box_append (GTK_BOX (box), scroller);
  gtk_box_append (GTK_BOX (box), save);
  adw_bin_set_child (ADW_BIN (self->batch), box);
}

static void
on_games (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbPredictForm) self = data;
  g_autoptr (GError) error = NULL;
  JsonArray *games = sb_run_predict_csv_finish (SB_RUN (source), result, &error);

  if (games == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        show_answer (self, 0, error->message);
      return;
    }
  g_clear_pointer (&self->games, json_array_unref);
  self->games = games;
  show_games (self);
}

static void
on_open_response (GtkNativeDialog *dialog, int response, SbPredictForm *self)
{
  g_autofree char *path = sb_file_dialog_take_path (dialog, response);

  if (path != NULL)
    sb_run_predict_csv_async (self->run, path, self->cancellable, on_games, g_object_ref (self));
}

static void
open_csv (GtkButton *button, SbPredictForm *self)
{
  GtkFileChooserNative *dialog =
      make_dialog (self, _ ("Score a File of Games"), GTK_FILE_CHOOSER_ACTION_OPEN);

  g_signal_connect_object (dialog, "response", G_CALLBACK (on_open_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
sb_predict_form_dispose (GObject *object)
{
  SbPredictForm *self = SB_PREDICT_FORM (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->run);
  G_OBJECT_CLASS (sb_predict_form_parent_class)->dispose (object);
}

static void
sb_predict_form_finalize (GObject *object)
{
  SbPredictForm *self = SB_PREDICT_FORM (object);

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->game, json_object_unref);
  g_clear_pointer (&self->games, json_array_unref);
  G_OBJECT_CLASS (sb_predict_form_parent_class)->finalize (object);
}

static void
sb_predict_form_class_init (SbPredictFormClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sb_predict_form_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_predict_form_finalize;
}

static void
sb_predict_form_init (SbPredictForm *self)
{
  self->cancellable = g_cancellable_new ();
}

static GtkWidget *
make_answer (SbPredictForm *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  self->answer = gtk_label_new (NULL);
  gtk_widget_add_css_class (self->answer, "title-2");
  gtk_label_set_wrap (GTK_LABEL (self->answer), TRUE);
  self->bar = gtk_level_bar_new ();
  sb_accessible_set_name (self->bar, _ ("Probability"));
  gtk_box_append (GTK_BOX (box), self->answer);
  gtk_box_append (GTK_BOX (box), self->bar);
  return box;
}

/**
 * sb_predict_form_new:
 * @run: a run whose endpoint is in service
 * @result: the result of its predict step
 *
 * Returns: a form
 */
GtkWidget *
sb_predict_form_new (SbRun *run, JsonObject *result)
{
  SbPredictForm *self = g_object_new (SB_TYPE_PREDICT_FORM, NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *list = gtk_list_box_new ();
  GtkWidget *file = gtk_button_new_with_label (_ ("Score a CSV File…"));

  self->run = g_object_ref (run);
  self->game = sb_json_copy (sb_json_get_object (result, "game"));
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_widget_add_css_class (list, "boxed-list");
  add_words (self,
             GTK_LIST_BOX (list),
             "Platform",
             _ ("Platform"),
             sb_json_get_array (result, "choices.Platform"));
  add_words (
      self, GTK_LIST_BOX (list), "Genre", _ ("Genre"), sb_json_get_array (result, "choices.Genre"));
  add_words (self,
             GTK_LIST_BOX (list),
             "Publisher",
             _ ("Publisher"),
             sb_json_get_array (result, "choices.Publisher"));
  add_words (self,
             GTK_LIST_BOX (list),
             "Rating",
             _ ("Rating"),
             sb_json_get_array (result, "choices.Rating"));
  add_number (self, GTK_LIST_BOX (list), "Critic_Score", _ ("Critics’ score"), 100, 1);
  add_number (self, GTK_LIST_BOX (list), "User_Score", _ ("Players’ score"), 10, 0.1);
  gtk_widget_set_halign (file, GTK_ALIGN_START);
  g_signal_connect (file, "clicked", G_CALLBACK (open_csv), self);
  self->batch = adw_bin_new ();
  gtk_box_append (GTK_BOX (box), make_answer (self));
  gtk_box_append (GTK_BOX (box), list);
  gtk_box_append (GTK_BOX (box), file);
  gtk_box_append (GTK_BOX (box), self->batch);
  adw_bin_set_child (ADW_BIN (self), box);
  show_answer (self, sb_json_get_double (result, "score", 0), NULL);
  return GTK_WIDGET (self);
}
