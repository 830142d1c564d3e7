/* sb-command-connect.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a command runs: on this computer, or on a connection by its name.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "app/sb-command.h"
#include "app/sb-terminal.h"
#include "cloud/sb-connection-store.h"
#include "wire/sb-error.h"
#include "workshop/sb-advice.h"

/**
 * sb_command_data_dir:
 *
 * Returns: (transfer full): where Sagebrush keeps what is a person's own
 */
char *
sb_command_data_dir (void)
{
  return g_build_filename (g_get_user_data_dir (), "sagebrush", NULL);
}

/**
 * sb_command_print_error:
 * @error: why a command has failed
 *
 * Prints it, and what to do about it if that is known.
 */
void
sb_command_print_error (const GError *error)
{
  g_autoptr (SbAdvice) advice = sb_advice_new (error);

  fprintf (stderr, "sagebrush: %s\n", error->message);
  if (advice != NULL)
    fprintf (stderr, "%s\n", advice->text);
  if (advice != NULL && advice->statement != NULL)
    fprintf (stderr, "%s\n", advice->statement);
}

static SbConnection *
connect_to (const char *base, const char *name, GError **error)
{
  g_autoptr (SbTerminal) terminal = sb_terminal_new ();
  g_autoptr (GError) local = NULL;
  g_autoptr (SbConnectionStore) store = sb_connection_store_new (base, SB_ASKER (terminal), &local);
  SbConnectionInfo *info = sb_connection_store_find (store, name);

  if (info != NULL)
    return sb_connection_store_open (store, info);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_INVALID,
                 _ ("There is no connection “%s”; “local” is this computer, and “sagebrush "
                    "connections” lists the others"),
                 name);
  return NULL;
}

/**
 * sb_command_connect:
 * @base: where Sagebrush keeps its own files
 * @name: (nullable): a connection; %NULL or `local` for this computer
 * @engine: (out) (nullable): the engine, when it is this computer
 * @error: return location for an error
 *
 * Opens a connection; for this computer the engine is started, which the caller stops.
 *
 * Returns: (transfer full) (nullable): the connection
 */
SbConnection *
sb_command_connect (const char *base, const char *name, SbEngineProcess **engine, GError **error)
{
  g_autofree char *folder = g_build_filename (base, "engine", NULL);

  *engine = NULL;
  if (name != NULL && strcmp (name, "local") != 0)
    return connect_to (base, name, error);
  *engine = sb_engine_process_start (folder, NULL, error);
  return *engine != NULL ? sb_connection_new_for_engine (*engine) : NULL;
}
