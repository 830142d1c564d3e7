/* sb-parameter.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * SbParameterType:
 * @SB_PARAMETER_INTEGER: a whole number
 * @SB_PARAMETER_CONTINUOUS: a number
 * @SB_PARAMETER_CATEGORICAL: one of a few words
 * @SB_PARAMETER_FREE_TEXT: anything, or what SbParameter.pattern allows
 */
typedef enum
{
  SB_PARAMETER_INTEGER,
  SB_PARAMETER_CONTINUOUS,
  SB_PARAMETER_CATEGORICAL,
  SB_PARAMETER_FREE_TEXT,
} SbParameterType;

/**
 * SbParameter:
 * @name: as the service spells it, such as `max_depth`
 * @title: (nullable): a short name for people, such as "Maximum depth"
 * @description: (nullable): one sentence
 * @unit: (nullable): such as "s" or "GB"
 * @default_value: (nullable): as text
 * @minimum: lowest number, or -%G_MAXDOUBLE
 * @maximum: highest number, or %G_MAXDOUBLE
 * @minimum_excluded: whether @minimum itself is not allowed
 * @maximum_excluded: whether @maximum itself is not allowed
 * @values: (nullable): the words of a categorical parameter
 * @value_titles: (nullable): as many words for people in their place, such as "PyTorch"
 * @pattern: (nullable): a regular expression that free text has to match as a whole
 * @suffix: (nullable): what begins an ending that a word may have, such as the `@` of `error@0.7`
 * @list: whether the value is a list of such values, separated by commas
 * @required: whether there has to be a value
 * @tunable: whether a tuning job may vary it
 * @basic: whether a form shows it without being asked for all
 * @local_only: whether it is the local engine's own, which SageMaker's algorithm would refuse
 *
 * The description of one value that a person or a request may set. Immutable; the array that holds
 * it owns it.
 */
typedef struct
{
  char *name;
  char *title;
  char *description;
  char *unit;
  SbParameterType type;
  char *default_value;
  double minimum;
  double maximum;
  gboolean minimum_excluded;
  gboolean maximum_excluded;
  char **values;
  char **value_titles;
  char *pattern;
  char *suffix;
  gboolean list;
  gboolean required;
  gboolean tunable;
  gboolean basic;
  gboolean local_only;
} SbParameter;

SbParameter *sb_parameter_new_from_json (JsonObject *json, GError **error);
void sb_parameter_free (SbParameter *self);
gboolean sb_parameter_check (const SbParameter *self, const char *value, GError **error);
char *sb_parameter_describe_range (const SbParameter *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbParameter, sb_parameter_free)

G_END_DECLS
