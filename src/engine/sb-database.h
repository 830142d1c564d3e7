/* sb-database.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A thin layer over SQLite: statements are prepared once and kept; errors are of SB_ERROR.
 */

#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * SbDatabaseSync:
 * @SB_DATABASE_DURABLE: a committed change survives the loss of power
 * @SB_DATABASE_LAZY: a committed change survives the death of the process
 */
typedef enum
{
  SB_DATABASE_DURABLE,
  SB_DATABASE_LAZY,
} SbDatabaseSync;

/**
 * SbDatabase:
 *
 * An open database. To be used in one thread.
 */
typedef struct _SbDatabase SbDatabase;

SbDatabase *
sb_database_open (const char *path, const char *schema, SbDatabaseSync sync, GError **error);
void sb_database_close (SbDatabase *self);
gboolean
sb_database_exec (SbDatabase *self, GError **error, const char *sql, const char *types, ...);
sqlite3_stmt *sb_database_query (SbDatabase *self, const char *sql, const char *types, ...);
gboolean sb_database_next (SbDatabase *self, sqlite3_stmt *row, GError **error);
gint64 sb_database_get_n_changes (SbDatabase *self);
gboolean sb_database_begin (SbDatabase *self, GError **error);
gboolean sb_database_commit (SbDatabase *self, GError **error);
void sb_database_roll_back (SbDatabase *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbDatabase, sb_database_close)

G_END_DECLS
