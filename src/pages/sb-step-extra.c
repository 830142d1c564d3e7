/* sb-step-extra.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a step's result has beside charts and facts: something to look at, or to play with.
 */

#include "config.h"

#include "pages/sb-step-extra.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-digit-gallery.h"
#include "pages/sb-digit-pad.h"
#include "pages/sb-notebook-panel.h"
#include "pages/sb-photo-gallery.h"
#include "pages/sb-photo-pad.h"
#include "pages/sb-predict-form.h"
#include "pages/sb-threshold.h"
#include "wire/sb-json.h"

static GtkWidget *
make_for_predict (SbStep *step, JsonObject *result)
{
  SbRun *run = sb_step_get_run (step);

  if (run == NULL)
    return NULL;
  if (json_object_has_member (result, "draw"))
    return sb_digit_pad_new (run);
  if (json_object_has_member (result, "classify"))
    return sb_photo_pad_new (run);
  return sb_predict_form_new (run, result);
}

/* The card knows what to do. What a script of one's own leaves as its model may be anything. */
static GtkWidget *
make_for_train (JsonObject *result)
{
  GtkWidget *button;

  if (!json_object_has_member (result, "artifact") || json_object_has_member (result, "script"))
    return NULL;
  button = gtk_button_new_with_label (_ ("Model…"));
  gtk_widget_set_tooltip_text (button, _ ("Layers, size, export"));
  gtk_widget_set_halign (button, GTK_ALIGN_START);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "step.model");
  return button;
}

static GtkWidget *
make_for_notebook (SbStep *step, JsonObject *result)
{
  SbRun *run = sb_step_get_run (step);
  const char *name = sb_json_get_string (result, "notebook", NULL);
  g_autoptr (SbClient) client = NULL;

  if (run == NULL || name == NULL)
    return NULL;
  client = sb_client_with_label (sb_run_get_client (run),
                                 sb_module_get_id (sb_run_get_module (run)),
                                 sb_run_get_id (run),
                                 sb_step_get_id (step));
  return sb_notebook_panel_new (client, name);
}

/* What there was to say about what the form had. */
static GtkWidget *
make_note (const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  return label;
}

/**
 * sb_step_extra_new:
 * @step: a step
 * @result: (nullable): its result
 * @chart: (nullable): what shows the first of its charts
 *
 * Returns: (nullable): the widget for it; %NULL when there is nothing beside charts and facts
 */
GtkWidget *
sb_step_extra_new (SbStep *step, JsonObject *result, GtkWidget *chart)
{
  const char *kind = sb_step_get_kind (step);

  if (result == NULL)
    return NULL;
  if (strcmp (kind, "train") == 0)
    return make_for_train (result);
  if (strcmp (kind, "predict") == 0)
    return make_for_predict (step, result);
  if (strcmp (kind, "notebook") == 0)
    return make_for_notebook (step, result);
  if (json_object_has_member (result, "note"))
    return make_note (sb_json_get_string (result, "note", ""));
  if (strcmp (kind, "evaluate") == 0 && json_object_has_member (result, "labels") && chart != NULL)
    return sb_threshold_new (result, SB_CHART_VIEW (chart));
  if (json_object_has_member (result, "photos"))
    return sb_photo_gallery_new (result, "photos", NULL);
  if (json_object_has_member (result, "mistakes"))
    return sb_photo_gallery_new (result, "mistakes", chart);
  if (json_object_has_member (result, "examples"))
    return sb_digit_gallery_new (sb_json_get_object (result, "examples"), NULL);
  if (json_object_has_member (result, "wrong"))
    return sb_digit_gallery_new (sb_json_get_object (result, "wrong"), chart);
  return NULL;
}

/**
 * sb_step_extra_comes_last:
 * @result: (nullable): a step's result
 *
 * Returns: whether the widget belongs below the charts, since it is about what these show
 */
gboolean
sb_step_extra_comes_last (JsonObject *result)
{
  return result != NULL &&
         (json_object_has_member (result, "artifact") || json_object_has_member (result, "wrong") ||
          json_object_has_member (result, "mistakes"));
}
