/* sb-options.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/contract/sb-options.h"

#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "wire/sb-json.h"

/**
 * sb_options_read:
 * @algorithm: such as `digits`
 * @error: %SB_ERROR_INVALID, in SageMaker's words, or why the file cannot be read
 *
 * Returns: (transfer full) (nullable): the job's hyperparameters
 */
SbOptions *
sb_options_read (const char *algorithm, GError **error)
{
  g_autoptr (SbOptions) self = g_new0 (SbOptions, 1);

  self->algorithm = sb_algorithm_find (algorithm);
  self->given = sb_contract_read_hyperparameters (error);
  if (self->given == NULL ||
      !sb_algorithm_check_hyperparameters (self->algorithm, self->given, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sb_options_free (SbOptions *self)
{
  g_clear_pointer (&self->given, json_object_unref);
  g_free (self);
}

/**
 * sb_options_get:
 * @self: options
 * @name: a hyperparameter that the algorithm has
 *
 * Returns: (transfer none) (nullable): its value, or its default; %NULL when it has neither
 */
const char *
sb_options_get (const SbOptions *self, const char *name)
{
  const char *value = sb_json_get_string (self->given, name, NULL);

  if (value != NULL && *value != '\0')
    return value;
  return sb_algorithm_find_parameter (self->algorithm, name)->default_value;
}

/**
 * sb_options_get_number:
 * @self: options
 * @name: a hyperparameter that the algorithm has
 *
 * Returns: its value, 0 when it has none
 */
double
sb_options_get_number (const SbOptions *self, const char *name)
{
  const char *value = sb_options_get (self, name);

  return value != NULL ? g_ascii_strtod (value, NULL) : 0;
}

/**
 * sb_options_get_int:
 * @self: options
 * @name: a hyperparameter that the algorithm has
 *
 * Returns: its value, held within the bounds of an int; 0 when it has none
 */
int
sb_options_get_int (const SbOptions *self, const char *name)
{
  return (int) CLAMP (sb_options_get_number (self, name), G_MININT, G_MAXINT);
}

/**
 * sb_options_get_flag:
 * @self: options
 * @name: a hyperparameter that the algorithm has
 *
 * Returns: whether it is `1` or `true`
 */
gboolean
sb_options_get_flag (const SbOptions *self, const char *name)
{
  const char *value = sb_options_get (self, name);

  return value != NULL && (strcmp (value, "1") == 0 || g_ascii_strcasecmp (value, "true") == 0);
}
