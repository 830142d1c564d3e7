/* sb-step-card.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-step-card.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-account-form.h"
#include "pages/sb-charts.h"
#include "pages/sb-code-window.h"
#include "pages/sb-format.h"
#include "pages/sb-markdown.h"
#include "pages/sb-model-window.h"
#include "pages/sb-problem-box.h"
#include "pages/sb-script-box.h"
#include "pages/sb-step-extra.h"
#include "pages/sb-step-sources.h"
#include "widgets/sb-accessible.h"
#include "widgets/sb-log-view.h"
#include "widgets/sb-parameter-form.h"
#include "wire/sb-json.h"
#include "workshop/sb-model-file.h"

/**
 * SbStepCard:
 *
 * A step: where it stands, its form, its result. Folds itself when it is done, unless there is
 * something to look at or to play with.
 */
struct _SbStepCard
{
  AdwBin parent_instance;

  SbStep *step;
  GtkStack *state;
  GtkLabel *number;
  GtkLabel *title;
  GtkLabel *summary;
  GtkLabel *duration;
  GtkButton *run_button;
  GtkMenuButton *menu_button;
  GtkButton *fold_button;
  GtkRevealer *revealer;
  GtkProgressBar *progress;
  GtkBox *content;
  GtkLabel *narrative;
  SbProblemBox *problem;
  AdwBin *form_bin;
  GtkFlowBox *charts;
  GtkBox *facts;
  AdwBin *extra;
  GtkExpander *log_expander;
  SbLogView *log;
  guint tick;
  JsonObject *shown; /* the result whose extra widgets are there */
};

G_DEFINE_FINAL_TYPE (SbStepCard, sb_step_card, ADW_TYPE_BIN)

SbStep *
sb_step_card_get_step (SbStepCard *self)
{
  return self->step;
}

static gboolean
is_busy (SbStepCard *self)
{
  SbStepState state = sb_step_get_state (self->step);

  return state == SB_STEP_RUNNING || state == SB_STEP_STOPPING;
}

static void
on_executed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbStepCard) self = data;
  g_autoptr (GError) error = NULL;

  /* What went wrong stands in the card of the step that failed. */
  if (!sb_run_execute_finish (SB_RUN (source), result, &error))
    g_debug ("%s", error->message);
}

/**
 * sb_step_card_run:
 * @self: a card
 *
 * Runs the step, or stops it when it runs.
 */
void
sb_step_card_run (SbStepCard *self)
{
  SbRun *run = sb_step_get_run (self->step);

  if (is_busy (self))
    sb_run_stop (run);
  else if (!sb_run_get_running (run))
    sb_run_execute_async (run, sb_step_get_id (self->step), on_executed, g_object_ref (self));
}

static void
set_folded (SbStepCard *self, gboolean folded)
{
  gtk_revealer_set_reveal_child (self->revealer, !folded);
  gtk_button_set_icon_name (self->fold_button, folded ? "pan-end-symbolic" : "pan-down-symbolic");
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->fold_button),
                               GTK_ACCESSIBLE_STATE_EXPANDED,
                               !folded,
                               -1);
}

static void
on_fold (GtkButton *button, SbStepCard *self)
{
  set_folded (self, gtk_revealer_get_reveal_child (self->revealer));
}

static void
show_duration (SbStepCard *self)
{
  g_autofree char *text = NULL;
  SbStepState state = sb_step_get_state (self->step);

  if (is_busy (self))
    text = sb_format_duration ((double) g_get_real_time () / G_USEC_PER_SEC -
                               sb_step_get_started (self->step));
  else if (state != SB_STEP_WAITING && state != SB_STEP_READY)
    text = sb_format_duration (sb_step_get_duration (self->step));
  gtk_label_set_label (self->duration, text != NULL ? text : "");
}

static gboolean
on_tick (gpointer data)
{
  show_duration (data);
  return G_SOURCE_CONTINUE;
}

static const char *
state_name (SbStepState state)
{
  switch (state)
    {
    case SB_STEP_RUNNING:
    case SB_STEP_STOPPING:
      return "running";
    case SB_STEP_DONE:
      return "done";
    case SB_STEP_FAILED:
    case SB_STEP_STALE:
      return "warning";
    case SB_STEP_WAITING:
    case SB_STEP_READY:
    case SB_STEP_GONE:
    default:
      return "number";
    }
}

static char *
make_summary (SbStepCard *self)
{
  const char *summary = sb_step_get_summary (self->step);
  const char *missing = sb_step_get_missing (self->step);

  switch (sb_step_get_state (self->step))
    {
    case SB_STEP_WAITING:
      return g_strdup_printf (_ ("Needs “%s” first; Run does it"), missing != NULL ? missing : "");
    case SB_STEP_STALE:
      return g_strdup (_ ("Something that it rests on has changed; run it again"));
    case SB_STEP_GONE:
      return g_strdup (_ ("Its resources were deleted; run it again to bring them back"));
    case SB_STEP_STOPPING:
      return g_strdup (_ ("Stopping…"));
    case SB_STEP_RUNNING:
      return g_strdup (sb_step_get_progress_text (self->step) != NULL
                           ? sb_step_get_progress_text (self->step)
                           : _ ("Running…"));
    case SB_STEP_READY:
      return g_strdup_printf (_ ("Usually takes %.1f s here"), sb_step_get_expected (self->step));
    case SB_STEP_DONE:
    case SB_STEP_FAILED:
    default:
      return g_strdup (summary != NULL ? summary : "");
    }
}

static void
update_header (SbStepCard *self)
{
  SbStepState state = sb_step_get_state (self->step);
  g_autofree char *summary = make_summary (self);
  gboolean busy = is_busy (self);
  gboolean again = state == SB_STEP_DONE || state == SB_STEP_STALE || state == SB_STEP_GONE ||
                   state == SB_STEP_FAILED;
  g_autofree char *label = NULL;
  const char *verb = busy ? _ ("Stop") : again ? _ ("Run Again") : _ ("Run");

  gtk_stack_set_visible_child_name (self->state, state_name (state));
  gtk_label_set_label (self->summary, summary);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->summary), summary);
  if (state == SB_STEP_FAILED)
    gtk_widget_add_css_class (GTK_WIDGET (self->summary), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->summary), "error");
  if (again && !busy)
    gtk_button_set_icon_name (self->run_button, "view-refresh-symbolic");
  else
    gtk_button_set_label (self->run_button, verb);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->run_button), again && !busy ? verb : NULL);
  label = g_strdup_printf ("%s: %s", verb, sb_step_get_title (self->step));
  sb_accessible_set_name (self->run_button, label);
  gtk_widget_set_sensitive (GTK_WIDGET (self->run_button), state != SB_STEP_STOPPING);
  if (again)
    gtk_widget_set_tooltip_text (GTK_WIDGET (self->run_button),
                                 _ ("Replaces this result; later steps will want to run again"));
  else
    gtk_widget_set_tooltip_text (GTK_WIDGET (self->run_button), NULL);
  sb_problem_box_set_error (self->problem,
                            state == SB_STEP_FAILED ? sb_step_get_error (self->step) : NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->progress), busy);
  if (sb_step_get_fraction (self->step) >= 0)
    gtk_progress_bar_set_fraction (self->progress, sb_step_get_fraction (self->step));
  else if (busy)
    gtk_progress_bar_pulse (self->progress);
  show_duration (self);
}

static gboolean
stays_open (SbStepCard *self)
{
  static const char *const kinds[] = {
    "explore", "train", "predict", "evaluate", "notebook", NULL
  };

  return g_strv_contains (kinds, sb_step_get_kind (self->step));
}

static void
on_state (SbStep *step, GParamSpec *pspec, SbStepCard *self)
{
  SbStepState state = sb_step_get_state (step);

  if (state == SB_STEP_RUNNING)
    {
      sb_log_view_clear (self->log);
      set_folded (self, FALSE);
      if (self->tick == 0)
        self->tick = g_timeout_add (100, on_tick, self);
    }
  else
    g_clear_handle_id (&self->tick, g_source_remove);
  if (state == SB_STEP_DONE && !stays_open (self))
    set_folded (self, TRUE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->form_bin), !is_busy (self));
  update_header (self);
}

static void
on_progress (SbStep *step, GParamSpec *pspec, SbStepCard *self)
{
  update_header (self);
}

static void
show_facts (SbStepCard *self, JsonArray *facts)
{
  GtkWidget *child;
  guint n = facts != NULL ? json_array_get_length (facts) : 0;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->facts))) != NULL)
    gtk_box_remove (self->facts, child);
  for (guint i = 0; i < n; i++)
    {
      JsonObject *fact = json_array_get_object_element (facts, i);
      GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
      GtkWidget *value = gtk_label_new (sb_json_get_string (fact, "value", ""));
      GtkWidget *name = gtk_label_new (sb_json_get_string (fact, "name", ""));

      gtk_widget_add_css_class (value, "heading");
      gtk_widget_add_css_class (name, "dim-label");
      gtk_widget_add_css_class (name, "caption");
      gtk_label_set_xalign (GTK_LABEL (value), 0);
      gtk_label_set_xalign (GTK_LABEL (name), 0);
      gtk_label_set_ellipsize (GTK_LABEL (value), PANGO_ELLIPSIZE_END);
      gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
      gtk_box_append (GTK_BOX (box), value);
      gtk_box_append (GTK_BOX (box), name);
      gtk_box_append (self->facts, box);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->facts), n > 0);
}

static void
show_extra (SbStepCard *self, JsonObject *result)
{
  GtkWidget *extra;

  if (result == self->shown)
    return;
  self->shown = result;
  extra = sb_step_extra_new (self->step, result, sb_charts_get_nth (self->charts, 0));
  adw_bin_set_child (self->extra, extra);
  gtk_widget_set_visible (GTK_WIDGET (self->extra), extra != NULL);
  if (sb_step_extra_comes_last (result))
    gtk_box_reorder_child_after (self->content,
                                 GTK_WIDGET (self->extra),
                                 GTK_WIDGET (self->charts));
}

/* Only training leaves a model behind, or can be replaced by one from elsewhere. */
static void
update_actions (SbStepCard *self)
{
  SbRun *run = sb_step_get_run (self->step);
  gboolean trains = run != NULL && strcmp (sb_step_get_kind (self->step), "train") == 0;

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "step.model", trains && sb_run_has_model (run));
  gtk_widget_action_set_enabled (GTK_WIDGET (self),
                                 "step.import-model",
                                 trains && sb_run_can_import_model (run));
}

static void
on_result (SbStep *step, GParamSpec *pspec, SbStepCard *self)
{
  JsonObject *result = sb_step_get_result (step);

  update_actions (self);

  sb_charts_show (self->charts, result != NULL ? sb_json_get_array (result, "charts") : NULL);
  show_facts (self, result != NULL ? sb_json_get_array (result, "facts") : NULL);
  show_extra (self, result);
  update_header (self);
}

static void
on_logged (SbStep *step, guint from, SbStepCard *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->log_expander), TRUE);
  sb_log_view_append (self->log, sb_step_get_log (step), from);
}

static void
on_value (SbParameterForm *form, const char *name, const char *value, SbStepCard *self)
{
  g_autoptr (GError) error = NULL;

  if (!sb_step_set_value (self->step, name, value, &error))
    g_warning ("%s", error->message);
}

static void
on_valid (SbParameterForm *form, GParamSpec *pspec, SbStepCard *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->run_button), sb_parameter_form_get_valid (form));
}

/* With one choice, others may have other defaults. */
static void
on_values (SbStep *step, GParamSpec *pspec, SbParameterForm *form)
{
  const GPtrArray *parameters = sb_step_get_parameters (step);

  for (guint i = 0; i < parameters->len; i++)
    {
      const SbParameter *parameter = parameters->pdata[i];

      sb_parameter_form_update (form,
                                parameter->name,
                                sb_step_get_value (step, parameter->name),
                                sb_step_get_default (step, parameter->name));
      sb_parameter_form_set_shown (form, parameter->name, sb_step_is_shown (step, parameter->name));
    }
}

/* With the box for a script, where the step may train with one. */
static GtkWidget *
add_script_box (SbStepCard *self, GtkWidget *form)
{
  GtkWidget *box;

  if (!sb_step_has_parameter (self->step, "network"))
    return form;
  box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  gtk_box_append (GTK_BOX (box), form);
  gtk_box_append (GTK_BOX (box), sb_script_box_new (self->step));
  return box;
}

static GtkWidget *
make_form (SbStepCard *self)
{
  const GPtrArray *parameters = sb_step_get_parameters (self->step);
  GtkWidget *form;

  if (strcmp (sb_step_get_kind (self->step), "choose-data") == 0)
    {
      form = sb_step_sources_new (self->step);
      g_signal_connect_object (
          form, "chosen", G_CALLBACK (sb_step_card_run), self, G_CONNECT_SWAPPED);
      return form;
    }
  if (parameters->len == 0)
    return NULL;
  form = sb_parameter_form_new ();
  for (guint i = 0; i < parameters->len; i++)
    {
      const SbParameter *parameter = parameters->pdata[i];

      sb_parameter_form_add (SB_PARAMETER_FORM (form),
                             parameter,
                             sb_step_get_value (self->step, parameter->name),
                             sb_step_get_default (self->step, parameter->name));
    }
  g_signal_connect_object (form, "value-changed", G_CALLBACK (on_value), self, 0);
  g_signal_connect_object (form, "notify::valid", G_CALLBACK (on_valid), self, 0);
  g_signal_connect_object (self->step, "notify::values", G_CALLBACK (on_values), form, 0);
  on_values (self->step, NULL, SB_PARAMETER_FORM (form));
  return sb_account_form_is_for (self->step) ? sb_account_form_new (self->step, form)
                                             : add_script_box (self, form);
}

static void
on_run_clicked (GtkButton *button, SbStepCard *self)
{
  sb_step_card_run (self);
}

static void
fill (SbStepCard *self)
{
  g_autofree char *number = g_strdup_printf ("%u", sb_step_get_number (self->step));
  g_autofree char *markup = sb_markdown_to_markup (sb_step_get_narrative (self->step));
  g_autofree char *fold = g_strdup_printf (_ ("Details of %s"), sb_step_get_title (self->step));
  g_autofree char *menu = g_strdup_printf (_ ("Menu of %s"), sb_step_get_title (self->step));
  SbStepState state = sb_step_get_state (self->step);

  gtk_label_set_label (self->number, number);
  gtk_label_set_label (self->title, sb_step_get_title (self->step));
  gtk_label_set_markup (self->narrative, markup);
  sb_accessible_set_name (self->fold_button, fold);
  sb_accessible_set_name (self->menu_button, menu);
  adw_bin_set_child (self->form_bin, make_form (self));
  gtk_widget_set_visible (GTK_WIDGET (self->form_bin), adw_bin_get_child (self->form_bin) != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->log_expander), sb_step_get_log (self->step)->len > 0);
  sb_log_view_append (self->log, sb_step_get_log (self->step), 0);
  on_result (self->step, NULL, self);
  set_folded (self, state == SB_STEP_WAITING || (state == SB_STEP_DONE && !stays_open (self)));
  update_header (self);
}

static void
show_code (GtkWidget *widget, const char *action, GVariant *parameter)
{
  sb_code_window_show (widget, SB_STEP_CARD (widget)->step);
}

static void
reset_step (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbStepCard *self = SB_STEP_CARD (widget);

  if (is_busy (self))
    return;
  sb_step_reset (self->step);
  adw_bin_set_child (self->form_bin, make_form (self));
}

static void
show_model (GtkWidget *widget, const char *action, GVariant *parameter)
{
  sb_model_window_show (widget, sb_step_get_run (SB_STEP_CARD (widget)->step));
}

static void
import_model (GtkWidget *widget, const char *action, GVariant *parameter)
{
  sb_model_window_import (widget, sb_step_get_run (SB_STEP_CARD (widget)->step));
}

static void
sb_step_card_dispose (GObject *object)
{
  SbStepCard *self = SB_STEP_CARD (object);

  g_clear_handle_id (&self->tick, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_STEP_CARD);
  g_clear_object (&self->step);
  G_OBJECT_CLASS (sb_step_card_parent_class)->dispose (object);
}

static void
sb_step_card_class_init (SbStepCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_step_card_dispose;
  g_type_ensure (SB_TYPE_LOG_VIEW);
  g_type_ensure (SB_TYPE_PROBLEM_BOX);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/sagebrush/Sagebrush/ui/sb-step-card.ui");
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, state);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, number);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, title);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, summary);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, duration);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, run_button);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, fold_button);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, menu_button);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, revealer);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, progress);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, content);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, narrative);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, problem);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, form_bin);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, charts);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, facts);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, extra);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, log_expander);
  gtk_widget_class_bind_template_child (widget_class, SbStepCard, log);
  gtk_widget_class_install_action (widget_class, "step.show-code", NULL, show_code);
  gtk_widget_class_install_action (widget_class, "step.reset", NULL, reset_step);
  gtk_widget_class_install_action (widget_class, "step.model", NULL, show_model);
  gtk_widget_class_install_action (widget_class, "step.import-model", NULL, import_model);
  gtk_widget_class_bind_template_callback (widget_class, on_run_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_fold);
}

static void
sb_step_card_init (SbStepCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * sb_step_card_new:
 * @step: a step
 *
 * Returns: its card
 */
GtkWidget *
sb_step_card_new (SbStep *step)
{
  SbStepCard *self = g_object_new (SB_TYPE_STEP_CARD, NULL);

  self->step = g_object_ref (step);
  fill (self);
  g_signal_connect_object (step, "notify::state", G_CALLBACK (on_state), self, 0);
  g_signal_connect_object (step, "notify::missing", G_CALLBACK (on_progress), self, 0);
  g_signal_connect_object (step, "notify::summary", G_CALLBACK (on_progress), self, 0);
  g_signal_connect_object (step, "notify::progress-text", G_CALLBACK (on_progress), self, 0);
  g_signal_connect_object (step, "notify::result", G_CALLBACK (on_result), self, 0);
  g_signal_connect_object (step, "logged", G_CALLBACK (on_logged), self, 0);
  return GTK_WIDGET (self);
}
