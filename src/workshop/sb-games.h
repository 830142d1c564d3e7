/* sb-games.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The workshop's data: video games, their scores and their sales.
 */

#pragma once

#include <json-glib/json-glib.h>

#include "formats/sb-csv.h"
#include "formats/sb-sparse.h"

G_BEGIN_DECLS

/**
 * SbGames:
 * @columns: (element-type utf8): names of the features, in their order
 * @rows: values, the label among them, in the file's order of rows that lack nothing
 * @values: (element-type double): the value of each entry of @rows, exactly
 * @order: (element-type guint32): the rows, shuffled
 * @n_rows: rows of the file
 * @n_hits: how many of these sold over a million copies
 * @cuts: where in @order the validation and the test part begin, and its end
 * @choices: columns of words and what they may say, for the form of a prediction
 *
 * What the file becomes when it is prepared as the workshop prepares it.
 */
typedef struct
{
  GPtrArray *columns;
  SbSparse *rows;
  GArray *values;
  GArray *order;
  guint n_rows;
  guint n_hits;
  guint cuts[3];
  JsonObject *choices;
} SbGames;

/**
 * SbGamesPart:
 * @SB_GAMES_TRAIN: the first 70 % of the shuffled rows
 * @SB_GAMES_VALIDATION: the next 20 %
 * @SB_GAMES_TEST: the rest
 */
typedef enum
{
  SB_GAMES_TRAIN,
  SB_GAMES_VALIDATION,
  SB_GAMES_TEST,
} SbGamesPart;

char *sb_games_make_sample (guint32 seed, guint rows);
gboolean sb_games_check (SbCsvTable *table, GError **error);
JsonArray *sb_games_explore (SbCsvTable *table, JsonArray **facts);
SbGames *sb_games_prepare (SbCsvTable *table, GError **error);
void sb_games_free (SbGames *self);
guint sb_games_count (const SbGames *self, SbGamesPart part);
guint sb_games_count_hits (const SbGames *self, SbGamesPart part);
char *sb_games_write_libsvm (const SbGames *self, SbGamesPart part);
char *sb_games_encode (JsonObject *features, JsonObject *fields, GError **error);
gboolean sb_games_is_missing (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbGames, sb_games_free)

G_END_DECLS
