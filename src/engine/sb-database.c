/* sb-database.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-database.h"

#include <string.h>

#include "wire/sb-error.h"

struct _SbDatabase
{
  sqlite3 *handle;
  GHashTable *statements; /* SQL text -> sqlite3_stmt */
};

static void
finalize_statement (gpointer statement)
{
  sqlite3_finalize (statement);
}

static gboolean
fail (SbDatabase *self, GError **error)
{
  int code = sqlite3_errcode (self->handle) & 0xff;
  g_autofree char *message = NULL;
  GError *made;

  if (code == SQLITE_FULL || code == SQLITE_IOERR)
    message = g_strdup ("The disk is full or cannot be written: free some space, then try again.");
  else
    message = g_strdup_printf ("The engine’s database failed: %s", sqlite3_errmsg (self->handle));
  made = sb_error_new_service (code == SQLITE_FULL || code == SQLITE_IOERR ? 507 : 500,
                               "InternalError",
                               message,
                               NULL);
  g_propagate_error (error, made);
  return FALSE;
}

static gboolean
run_script (SbDatabase *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  return fail (self, error);
}

/**
 * sb_database_open:
 * @path: the file
 * @schema: `CREATE … IF NOT EXISTS` statements
 * @sync: how much a commit promises
 * @error: why it cannot be opened
 *
 * Returns: (transfer full) (nullable): the database
 */
SbDatabase *
sb_database_open (const char *path, const char *schema, SbDatabaseSync sync, GError **error)
{
  g_autoptr (SbDatabase) self = g_new0 (SbDatabase, 1);

  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, finalize_statement);
  if (sqlite3_open_v2 (path,
                       &self->handle,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                       NULL) != SQLITE_OK)
    {
      fail (self, error);
      return NULL;
    }
  sqlite3_extended_result_codes (self->handle, 1);
  sqlite3_busy_timeout (self->handle, 2000);
  if (!run_script (self, "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;", error) ||
      !run_script (self,
                   sync == SB_DATABASE_DURABLE ? "PRAGMA synchronous=FULL;"
                                               : "PRAGMA synchronous=NORMAL;",
                   error) ||
      !run_script (self, schema, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * sb_database_close:
 * @self: (transfer full): a database
 */
void
sb_database_close (SbDatabase *self)
{
  g_hash_table_unref (self->statements);
  sqlite3_close (self->handle);
  g_free (self);
}

static sqlite3_stmt *
prepare (SbDatabase *self, const char *sql)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);

  if (statement != NULL)
    {
      sqlite3_reset (statement);
      sqlite3_clear_bindings (statement);
      return statement;
    }
  if (sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
      SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (self->handle));
  g_hash_table_insert (self->statements, (gpointer) sqlite3_sql (statement), statement);
  return statement;
}

static void
bind (sqlite3_stmt *statement, const char *types, va_list args)
{
  for (int i = 0; types[i] != '\0'; i++)
    {
      if (types[i] == 's')
        {
          const char *text = va_arg (args, const char *);

          sqlite3_bind_text (statement, i + 1, text, -1, SQLITE_TRANSIENT);
        }
      else if (types[i] == 'i')
        sqlite3_bind_int64 (statement, i + 1, va_arg (args, gint64));
      else if (types[i] == 'd')
        sqlite3_bind_double (statement, i + 1, va_arg (args, double));
      else
        g_assert_not_reached ();
    }
}

/**
 * sb_database_query:
 * @self: a database
 * @sql: one statement, with a `?` for each value
 * @types: a letter for each value: `s` text or %NULL, `i` gint64, `d` double
 * @...: the values
 *
 * Returns: (transfer none): the statement, to be walked with sb_database_next(); the next query
 *   with the same text takes it over
 */
sqlite3_stmt *
sb_database_query (SbDatabase *self, const char *sql, const char *types, ...)
{
  sqlite3_stmt *statement = prepare (self, sql);
  va_list args;

  va_start (args, types);
  bind (statement, types, args);
  va_end (args);
  return statement;
}

/**
 * sb_database_next:
 * @self: a database
 * @row: what sb_database_query() returned
 * @error: why it failed
 *
 * Returns: whether @row now stands on a row; %FALSE without an error at the end
 */
gboolean
sb_database_next (SbDatabase *self, sqlite3_stmt *row, GError **error)
{
  int code = sqlite3_step (row);

  if (code == SQLITE_ROW)
    return TRUE;
  if (code != SQLITE_DONE)
    fail (self, error);
  sqlite3_reset (row);
  return FALSE;
}

/**
 * sb_database_exec:
 * @self: a database
 * @error: why it failed
 * @sql: one statement that returns no rows
 * @types: see sb_database_query()
 * @...: the values
 *
 * Returns: whether it was done
 */
gboolean
sb_database_exec (SbDatabase *self, GError **error, const char *sql, const char *types, ...)
{
  sqlite3_stmt *statement = prepare (self, sql);
  gboolean done;
  va_list args;

  va_start (args, types);
  bind (statement, types, args);
  va_end (args);
  done = sqlite3_step (statement) == SQLITE_DONE;
  if (!done)
    fail (self, error);
  sqlite3_reset (statement);
  return done;
}

/**
 * sb_database_get_n_changes:
 * @self: a database
 *
 * Returns: how many rows the last statement has changed
 */
gint64
sb_database_get_n_changes (SbDatabase *self)
{
  return sqlite3_changes64 (self->handle);
}

/**
 * sb_database_begin:
 * @self: a database
 * @error: why it failed
 *
 * Begins a transaction; they do not nest.
 *
 * Returns: whether it was begun
 */
gboolean
sb_database_begin (SbDatabase *self, GError **error)
{
  return sb_database_exec (self, error, "BEGIN IMMEDIATE", "");
}

/**
 * sb_database_commit:
 * @self: a database in a transaction
 * @error: why it failed; everything is as before the transaction then
 *
 * Returns: whether everything is stored
 */
gboolean
sb_database_commit (SbDatabase *self, GError **error)
{
  if (sb_database_exec (self, error, "COMMIT", ""))
    return TRUE;
  sb_database_roll_back (self);
  return FALSE;
}

/**
 * sb_database_roll_back:
 * @self: a database in a transaction
 *
 * Undoes what the transaction has done. SQLite may have done so itself, when the disk is full.
 */
void
sb_database_roll_back (SbDatabase *self)
{
  if (!sqlite3_get_autocommit (self->handle))
    sb_database_exec (self, NULL, "ROLLBACK", "");
}
