/* sb-renewal.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-renewal-private.h"

#include <string.h>

/* So long before their end credentials are renewed, in seconds: a long upload outlasts a shorter
 * time. */
#define MARGIN 300

void
_sb_renewal_init (SbRenewal *self)
{
  g_mutex_init (&self->lock);
}

void
_sb_renewal_clear (SbRenewal *self)
{
  g_clear_pointer (&self->credentials, sb_credentials_unref);
  g_mutex_clear (&self->lock);
}

/*< private >
 * _sb_renewal_forget:
 * @self: what a provider keeps
 *
 * What it has may be out of date: the next who asks has it fetched.
 */
void
_sb_renewal_forget (SbRenewal *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_clear_pointer (&self->credentials, sb_credentials_unref);
}

static gboolean
is_good_for (SbCredentials *credentials, gint64 seconds)
{
  gint64 expires = credentials != NULL ? sb_credentials_get_expires (credentials) : -1;

  return expires == 0 || expires - g_get_real_time () / G_USEC_PER_SEC > seconds;
}

/* Of several threads that wait for one answer, none asks once more when it is a no. */
static SbCredentials *
fetch_once (SbRenewal *self,
            SbFetchFunc fetch,
            gpointer owner,
            SbCredentials *refused,
            const GError *why,
            gint64 asked,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (GError) local = NULL;
  SbCredentials *fetched;

  if (self->cancelled > asked)
    {
      g_set_error_literal (error,
                           G_IO_ERROR,
                           G_IO_ERROR_CANCELLED,
                           "The question was not answered");
      return NULL;
    }
  fetched = fetch (owner, refused, why, cancellable, &local);
  if (fetched != NULL)
    return fetched;
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
      !g_cancellable_is_cancelled (cancellable))
    self->cancelled = g_get_monotonic_time ();
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

static void
take (SbRenewal *self, SbCredentials *fetched)
{
  g_clear_pointer (&self->credentials, sb_credentials_unref);
  self->credentials = fetched;
}

/*< private >
 * _sb_renewal_get:
 * @self: what a provider keeps
 * @fetch: how it fetches
 * @owner: the provider
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): credentials that are good for some minutes; for less when
 *   others cannot be had
 */
SbCredentials *
_sb_renewal_get (SbRenewal *self,
                 SbFetchFunc fetch,
                 gpointer owner,
                 GCancellable *cancellable,
                 GError **error)
{
  gint64 asked = g_get_monotonic_time ();
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) local = NULL;
  SbCredentials *fetched;

  if (!is_good_for (self->credentials, MARGIN))
    {
      fetched = fetch_once (self, fetch, owner, NULL, NULL, asked, cancellable, &local);
      if (fetched != NULL)
        take (self, fetched);
      else if (!is_good_for (self->credentials, 0))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
    }
  return sb_credentials_ref (self->credentials);
}

static gboolean
are_same (SbCredentials *a, SbCredentials *b)
{
  return strcmp (sb_credentials_get_access_key_id (a), sb_credentials_get_access_key_id (b)) == 0 &&
         strcmp (sb_credentials_get_secret_access_key (a),
                 sb_credentials_get_secret_access_key (b)) == 0 &&
         g_strcmp0 (sb_credentials_get_session_token (a), sb_credentials_get_session_token (b)) ==
             0;
}

/*< private >
 * _sb_renewal_renew:
 * @self: what a provider keeps
 * @fetch: how it fetches
 * @owner: the provider
 * @refused: what a service refused
 * @why: what the service said
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Returns: see sb_credentials_provider_renew()
 */
gboolean
_sb_renewal_renew (SbRenewal *self,
                   SbFetchFunc fetch,
                   gpointer owner,
                   SbCredentials *refused,
                   const GError *why,
                   GCancellable *cancellable,
                   GError **error)
{
  gint64 asked = g_get_monotonic_time ();
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  SbCredentials *fetched;

  if (self->credentials != NULL && !are_same (self->credentials, refused))
    return TRUE;
  fetched = fetch_once (self, fetch, owner, refused, why, asked, cancellable, error);
  if (fetched == NULL)
    return FALSE;
  take (self, fetched);
  return !are_same (fetched, refused);
}
