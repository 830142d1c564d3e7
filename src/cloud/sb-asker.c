/* sb-asker.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-asker.h"

#include <glib/gi18n.h>

#include "wire/sb-error.h"

G_DEFINE_INTERFACE (SbAsker, sb_asker, G_TYPE_OBJECT)

static GPrivate hushed;

static void
sb_asker_default_init (SbAskerInterface *iface)
{
}

/**
 * sb_asker_set_hushed:
 * @now: whether what this thread does is not worth a question
 *
 * What is done in the background, such as to look what there is, must not ask a person who is about
 * something else. Whatever needs an answer then fails with %SB_ERROR_CREDENTIALS.
 */
void
sb_asker_set_hushed (gboolean now)
{
  g_private_set (&hushed, GINT_TO_POINTER (now));
}

static gboolean
is_hushed (const char *who, GError **error)
{
  if (g_private_get (&hushed) == NULL)
    return FALSE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_CREDENTIALS,
               _ ("“%s” has to be signed in again. Sagebrush asks for that when you run a step or "
                  "clean up."),
               who);
  return TRUE;
}

/**
 * sb_asker_ask_code:
 * @self: (nullable): who can ask; %NULL when nobody can
 * @who: the profile or connection that it is for
 * @device: the serial number or ARN of the device that shows the code
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Blocks until the person has answered.
 *
 * Returns: (transfer full) (nullable): the code, or %NULL with %SB_ERROR_CREDENTIALS, or
 *   %G_IO_ERROR_CANCELLED when the person would not
 */
SbSecret *
sb_asker_ask_code (SbAsker *self,
                   const char *who,
                   const char *device,
                   GCancellable *cancellable,
                   GError **error)
{
  g_return_val_if_fail (self == NULL || SB_IS_ASKER (self), NULL);
  if (self != NULL && is_hushed (who, error))
    return NULL;

  if (self != NULL)
    return SB_ASKER_GET_IFACE (self)->ask_code (self, who, device, cancellable, error);
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_CREDENTIALS,
               _ ("“%s” needs the code that the device %s shows, and there is nobody to ask. Open "
                  "the window, or run the command in a terminal."),
               who,
               device);
  return NULL;
}

/**
 * sb_asker_ask_keys:
 * @self: (nullable): who can ask; %NULL when nobody can
 * @who: the connection that it is for
 * @access_key_id: the access key that is no longer good
 * @why: what the service said of it
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Blocks until the person has answered.
 *
 * Returns: (transfer full) (nullable): the keys; %NULL without an error when there is nobody to ask
 */
SbCredentials *
sb_asker_ask_keys (SbAsker *self,
                   const char *who,
                   const char *access_key_id,
                   const GError *why,
                   GCancellable *cancellable,
                   GError **error)
{
  g_return_val_if_fail (self == NULL || SB_IS_ASKER (self), NULL);
  if (self != NULL && is_hushed (who, error))
    return NULL;

  if (self == NULL)
    return NULL;
  return SB_ASKER_GET_IFACE (self)->ask_keys (self, who, access_key_id, why, cancellable, error);
}

/**
 * sb_asker_begin_sign_in:
 * @self: (nullable): who can ask; %NULL when nobody can
 * @who: the profile or connection that it is for
 * @sign_in: what the person needs
 * @stop: cancelled when the person gives up
 * @error: return location for an error
 *
 * Shows the person where to sign in. To be ended by sb_asker_end_sign_in() when it succeeded.
 *
 * Returns: whether it is shown; else %SB_ERROR_CREDENTIALS
 */
gboolean
sb_asker_begin_sign_in (SbAsker *self,
                        const char *who,
                        const SbSignIn *sign_in,
                        GCancellable *stop,
                        GError **error)
{
  g_return_val_if_fail (self == NULL || SB_IS_ASKER (self), FALSE);
  if (self != NULL && is_hushed (who, error))
    return FALSE;

  if (self != NULL)
    return SB_ASKER_GET_IFACE (self)->begin_sign_in (self, who, sign_in, stop, error);
  g_set_error (
      error,
      SB_ERROR,
      SB_ERROR_CREDENTIALS,
      _ ("The sign-in of “%s” has ended. Open the window, or run the command in a terminal, "
         "and sign in again."),
      who);
  return FALSE;
}

/**
 * sb_asker_end_sign_in:
 * @self: who showed it
 */
void
sb_asker_end_sign_in (SbAsker *self)
{
  g_return_if_fail (SB_IS_ASKER (self));

  SB_ASKER_GET_IFACE (self)->end_sign_in (self);
}
