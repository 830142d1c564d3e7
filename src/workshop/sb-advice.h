/* sb-advice.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What to make of an error of AWS, and what to do next.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbAdvice:
 * @text: what it means and what to do, in a sentence or some
 * @statement: (nullable): the statement that a policy lacks, as indented JSON
 *
 * Advice on an error.
 */
typedef struct
{
  char *text;
  char *statement;
} SbAdvice;

SbAdvice *sb_advice_new (const GError *error);
void sb_advice_free (SbAdvice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbAdvice, sb_advice_free)

G_END_DECLS
