/* sb-parameter.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-parameter.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

static gboolean
read_bound (JsonObject *range, const char *member, double fallback, double *bound)
{
  const char *text = sb_json_get_string (range, member, NULL);
  char *end;

  *bound = fallback;
  if (text == NULL)
    return TRUE;
  *bound = g_ascii_strtod (text, &end);
  return end != text && *end == '\0';
}

static char **
dup_strings (JsonArray *array)
{
  char **texts = g_new0 (char *, json_array_get_length (array) + 1);

  for (guint i = 0; i < json_array_get_length (array); i++)
    texts[i] = g_strdup (json_array_get_string_element (array, i));
  return texts;
}

static gboolean
read_range (SbParameter *self, JsonObject *json)
{
  static const char *const names[] = { "IntegerParameterRangeSpecification",
                                       "ContinuousParameterRangeSpecification",
                                       "CategoricalParameterRangeSpecification" };
  JsonObject *ranges = sb_json_get_object (json, "Range");
  JsonObject *range;
  JsonArray *values, *titles;

  self->minimum = -G_MAXDOUBLE;
  self->maximum = G_MAXDOUBLE;
  if (self->type == SB_PARAMETER_FREE_TEXT || ranges == NULL)
    return self->type != SB_PARAMETER_CATEGORICAL;
  range = sb_json_get_object (ranges, names[self->type]);
  if (range == NULL)
    return FALSE;
  if (self->type != SB_PARAMETER_CATEGORICAL)
    return read_bound (range, "MinValue", -G_MAXDOUBLE, &self->minimum) &&
           read_bound (range, "MaxValue", G_MAXDOUBLE, &self->maximum);
  values = sb_json_get_array (range, "Values");
  if (values == NULL || json_array_get_length (values) == 0)
    return FALSE;
  self->values = dup_strings (values);
  titles = sb_json_get_array (json, "ValueTitles");
  if (titles != NULL)
    self->value_titles = dup_strings (titles);
  return titles == NULL || json_array_get_length (titles) == json_array_get_length (values);
}

static gboolean
read_type (SbParameter *self, const char *text)
{
  static const char *const names[] = { "Integer", "Continuous", "Categorical", "FreeText" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (text, names[i]) == 0)
      {
        self->type = (SbParameterType) i;
        return TRUE;
      }
  return FALSE;
}

/**
 * sb_parameter_new_from_json:
 * @json: an item of SupportedHyperParameters
 * @error: %SB_ERROR_INVALID
 *
 * Beside SageMaker's own members these are read: `Title`, `Unit`, `Pattern`, `Basic`, `List`,
 * `Suffix` (what may follow a word, up to its end), `MinExcluded`, `MaxExcluded`, `LocalOnly`,
 * `ValueTitles` (words for people in place of `Values`).
 *
 * Returns: (transfer full) (nullable): the parameter
 */
SbParameter *
sb_parameter_new_from_json (JsonObject *json, GError **error)
{
  g_autoptr (SbParameter) self = g_new0 (SbParameter, 1);

  self->name = g_strdup (sb_json_get_string (json, "Name", NULL));
  self->title = g_strdup (sb_json_get_string (json, "Title", NULL));
  self->description = g_strdup (sb_json_get_string (json, "Description", NULL));
  self->unit = g_strdup (sb_json_get_string (json, "Unit", NULL));
  self->default_value = g_strdup (sb_json_get_string (json, "DefaultValue", NULL));
  self->pattern = g_strdup (sb_json_get_string (json, "Pattern", NULL));
  self->suffix = g_strdup (sb_json_get_string (json, "Suffix", NULL));
  self->list = sb_json_get_bool (json, "List", FALSE);
  self->required = sb_json_get_bool (json, "IsRequired", FALSE);
  self->tunable = sb_json_get_bool (json, "IsTunable", FALSE);
  self->basic = sb_json_get_bool (json, "Basic", FALSE);
  self->local_only = sb_json_get_bool (json, "LocalOnly", FALSE);
  self->minimum_excluded = sb_json_get_bool (json, "MinExcluded", FALSE);
  self->maximum_excluded = sb_json_get_bool (json, "MaxExcluded", FALSE);
  if (self->name != NULL && read_type (self, sb_json_get_string (json, "Type", NULL)) &&
      read_range (self, json) &&
      (self->default_value == NULL || sb_parameter_check (self, self->default_value, NULL)))
    return g_steal_pointer (&self);
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               "The description of the parameter “%s” is wrong",
               self->name != NULL ? self->name : "");
  return NULL;
}

void
sb_parameter_free (SbParameter *self)
{
  g_free (self->name);
  g_free (self->title);
  g_free (self->description);
  g_free (self->unit);
  g_free (self->default_value);
  g_free (self->pattern);
  g_free (self->suffix);
  g_strfreev (self->values);
  g_strfreev (self->value_titles);
  g_free (self);
}

static char *
format_number (double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (buffer, sizeof buffer, "%.10g", value));
}

/**
 * sb_parameter_describe_range:
 * @self: a parameter
 *
 * Returns: (transfer full): what is allowed: "[0, 1]", "(0, 1]", "≥ 0", "[a, b]", or ""
 */
char *
sb_parameter_describe_range (const SbParameter *self)
{
  g_autofree char *low = format_number (self->minimum);
  g_autofree char *high = format_number (self->maximum);
  g_autofree char *words = NULL;

  if (self->values != NULL)
    {
      words = g_strjoinv (", ", self->values);
      return g_strdup_printf ("[%s]", words);
    }
  if (self->minimum > -G_MAXDOUBLE && self->maximum < G_MAXDOUBLE)
    return g_strdup_printf ("%c%s, %s%c",
                            self->minimum_excluded ? '(' : '[',
                            low,
                            high,
                            self->maximum_excluded ? ')' : ']');
  if (self->minimum > -G_MAXDOUBLE)
    return g_strdup_printf ("%s %s", self->minimum_excluded ? ">" : "≥", low);
  if (self->maximum < G_MAXDOUBLE)
    return g_strdup_printf ("%s %s", self->maximum_excluded ? "<" : "≤", high);
  return g_strdup ("");
}

static gboolean
out_of_range (const SbParameter *self, const char *value, GError **error)
{
  g_autofree char *range = sb_parameter_describe_range (self);

  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               "Hyperparameter %s: value %s not in range %s",
               self->name,
               value,
               range);
  return FALSE;
}

static gboolean
unreadable (const SbParameter *self, GError **error)
{
  g_set_error (
      error, SB_ERROR, SB_ERROR_INVALID, "Hyperparameter %s: could not parse value", self->name);
  return FALSE;
}

static gboolean
check_number (const SbParameter *self, const char *value, GError **error)
{
  char *end;
  double number = g_ascii_strtod (value, &end);

  if (end == value || *end != '\0' || !isfinite (number) ||
      (self->type == SB_PARAMETER_INTEGER && strspn (value, "+-0123456789") != strlen (value)))
    return unreadable (self, error);
  if (number < self->minimum || number > self->maximum ||
      (self->minimum_excluded && number <= self->minimum) ||
      (self->maximum_excluded && number >= self->maximum))
    return out_of_range (self, value, error);
  return TRUE;
}

static gboolean
check_word (const SbParameter *self, const char *value, GError **error)
{
  g_autofree char *word = g_strdup (value);
  char *suffix = self->suffix != NULL ? strstr (word, self->suffix) : NULL;

  if (suffix != NULL)
    *suffix = '\0';
  if (g_strv_contains ((const char *const *) self->values, word))
    return TRUE;
  return out_of_range (self, value, error);
}

static gboolean
check_text (const SbParameter *self, const char *value, GError **error)
{
  g_autofree char *whole = NULL;

  if (self->pattern == NULL)
    return TRUE;
  whole = g_strdup_printf ("^(?:%s)$", self->pattern);
  if (g_regex_match_simple (whole, value, 0, 0))
    return TRUE;
  return unreadable (self, error);
}

static gboolean
check_one (const SbParameter *self, const char *value, GError **error)
{
  switch (self->type)
    {
    case SB_PARAMETER_INTEGER:
    case SB_PARAMETER_CONTINUOUS:
      return check_number (self, value, error);
    case SB_PARAMETER_CATEGORICAL:
      return check_word (self, value, error);
    case SB_PARAMETER_FREE_TEXT:
      return check_text (self, value, error);
    default:
      g_return_val_if_reached (FALSE);
    }
}

/**
 * sb_parameter_check:
 * @self: a parameter
 * @value: (nullable): a value as text; %NULL and "" are none
 * @error: %SB_ERROR_INVALID, in SageMaker's words
 *
 * Returns: whether the parameter can have that value
 */
gboolean
sb_parameter_check (const SbParameter *self, const char *value, GError **error)
{
  g_auto (GStrv) items = NULL;

  if (value == NULL || *value == '\0')
    {
      if (!self->required)
        return TRUE;
      g_set_error (
          error, SB_ERROR, SB_ERROR_INVALID, "Missing required hyperparameter: %s", self->name);
      return FALSE;
    }
  if (!self->list)
    return check_one (self, value, error);
  items = g_strsplit (value, ",", -1);
  for (guint i = 0; items[i] != NULL; i++)
    if (!check_one (self, g_strstrip (items[i]), error))
      return FALSE;
  return TRUE;
}
