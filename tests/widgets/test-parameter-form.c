/* test-parameter-form.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "widgets/sb-parameter-form.h"

#define LAYERS                                                                                     \
  "{\"Name\":\"layers\",\"Type\":\"Integer\",\"Basic\":true,\"Range\":"                            \
  "{\"IntegerParameterRangeSpecification\":{\"MinValue\":\"1\",\"MaxValue\":\"200\"}}}"
#define WEIGHTS                                                                                    \
  "{\"Name\":\"weights\",\"Type\":\"Categorical\",\"Basic\":true,\"Range\":"                       \
  "{\"CategoricalParameterRangeSpecification\":{\"Values\":[\"none\",\"some\"]}},"                 \
  "\"ValueTitles\":[\"No weights\",\"Some weights\"]}"

static SbParameter *
parse (const char *json)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  g_autoptr (GError) error = NULL;
  SbParameter *parameter = sb_parameter_new_from_json (json_node_get_object (node), &error);

  g_assert_no_error (error);
  return parameter;
}

static void
told_cb (SbParameterForm *form, const char *name, const char *value, gpointer data)
{
  char **told = data;

  g_free (*told);
  *told = g_strdup_printf ("%s=%s", name, value != NULL ? value : "");
}

/* The row of a parameter, by its title. */
static GtkWidget *
find_row (GtkWidget *widget, const char *title)
{
  if (ADW_IS_PREFERENCES_ROW (widget) &&
      strcmp (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (widget)), title) == 0)
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *row = find_row (child, title);

      if (row != NULL)
        return row;
    }
  return NULL;
}

/* What was changed elsewhere is shown and not told again; what is wrong is not painted over. */
static void
test_update (void)
{
  g_autoptr (SbParameter) layers = parse (LAYERS);
  g_autoptr (SbParameter) weights = parse (WEIGHTS);
  GtkWidget *form = g_object_ref_sink (sb_parameter_form_new ());
  GtkWidget *entry, *combo;
  g_autofree char *told = NULL;

  sb_parameter_form_add (SB_PARAMETER_FORM (form), layers, "20", "20");
  sb_parameter_form_add (SB_PARAMETER_FORM (form), weights, "none", "none");
  g_signal_connect (form, "value-changed", G_CALLBACK (told_cb), &told);
  entry = find_row (form, "layers");
  combo = find_row (form, "weights");
  sb_parameter_form_update (SB_PARAMETER_FORM (form), "layers", "18", "18");
  sb_parameter_form_update (SB_PARAMETER_FORM (form), "weights", "some", "none");
  sb_parameter_form_update (SB_PARAMETER_FORM (form), "nothing", "1", NULL);
  g_assert_null (told);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (entry)), ==, "18");
  g_assert_cmpuint (adw_combo_row_get_selected (ADW_COMBO_ROW (combo)), ==, 1);
  g_assert_nonnull (strstr (gtk_widget_get_tooltip_text (entry), "Default: 18."));
  gtk_editable_set_text (GTK_EDITABLE (entry), "34");
  g_assert_cmpstr (told, ==, "layers=34");
  gtk_editable_set_text (GTK_EDITABLE (entry), "many");
  g_assert_false (sb_parameter_form_get_valid (SB_PARAMETER_FORM (form)));
  sb_parameter_form_update (SB_PARAMETER_FORM (form), "layers", "34", "18");
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (entry)), ==, "many");
  gtk_editable_set_text (GTK_EDITABLE (entry), "50");
  g_assert_true (sb_parameter_form_get_valid (SB_PARAMETER_FORM (form)));
  adw_combo_row_set_selected (ADW_COMBO_ROW (combo), 0);
  g_assert_cmpstr (told, ==, "weights=none");
  g_assert_cmpstr (gtk_string_object_get_string (
                       adw_combo_row_get_selected_item (ADW_COMBO_ROW (combo))),
                   ==,
                   "No weights");
  sb_parameter_form_set_shown (SB_PARAMETER_FORM (form), "layers", FALSE);
  g_assert_false (gtk_widget_get_visible (entry));
  sb_parameter_form_set_shown (SB_PARAMETER_FORM (form), "layers", TRUE);
  g_assert_true (gtk_widget_get_visible (entry));
  g_object_unref (form);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  adw_init ();
  g_test_add_func ("/widgets/parameter-form/update", test_update);
  return g_test_run ();
}
