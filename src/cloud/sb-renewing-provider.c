/* sb-renewing-provider.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-renewing-provider.h"

#include <string.h>

/* So long before their end credentials are renewed, in seconds: a long upload outlasts a shorter
 * time. */
#define MARGIN 300

/**
 * SbRenewingProvider:
 *
 * Keeps credentials until shortly before they end. Any thread may ask; one of them fetches for all.
 */
typedef struct
{
  GMutex lock;
  SbCredentials *credentials; /* guarded by lock, as is what follows */
  gint64 cancelled;           /* when the person last would not answer, in monotonic time */
} SbRenewingProviderPrivate;

static void provider_iface_init (SbCredentialsProviderInterface *iface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (SbRenewingProvider,
                                  sb_renewing_provider,
                                  G_TYPE_OBJECT,
                                  G_ADD_PRIVATE (SbRenewingProvider)
                                      G_IMPLEMENT_INTERFACE (SB_TYPE_CREDENTIALS_PROVIDER,
                                                             provider_iface_init))

static gboolean
is_good_for (SbCredentials *credentials, gint64 seconds)
{
  gint64 expires = credentials != NULL ? sb_credentials_get_expires (credentials) : -1;

  return expires == 0 || expires - g_get_real_time () / G_USEC_PER_SEC > seconds;
}

/* Of several threads that wait for one answer, none asks once more when it is a no. */
static SbCredentials *
fetch_once (SbRenewingProvider *self,
            SbCredentials *refused,
            const GError *why,
            gint64 asked,
            GCancellable *cancellable,
            GError **error)
{
  SbRenewingProviderPrivate *priv = sb_renewing_provider_get_instance_private (self);
  g_autoptr (GError) local = NULL;
  SbCredentials *fetched;

  if (priv->cancelled > asked)
    {
      g_set_error_literal (error,
                           G_IO_ERROR,
                           G_IO_ERROR_CANCELLED,
                           "The question was not answered");
      return NULL;
    }
  fetched = SB_RENEWING_PROVIDER_GET_CLASS (self)->fetch (self, refused, why, cancellable, &local);
  if (fetched != NULL)
    return fetched;
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
      !g_cancellable_is_cancelled (cancellable))
    priv->cancelled = g_get_monotonic_time ();
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

static void
take (SbRenewingProviderPrivate *priv, SbCredentials *fetched)
{
  g_clear_pointer (&priv->credentials, sb_credentials_unref);
  priv->credentials = fetched;
}

/* For less than some minutes when others cannot be had. */
static SbCredentials *
sb_renewing_provider_get (SbCredentialsProvider *provider,
                          GCancellable *cancellable,
                          GError **error)
{
  SbRenewingProvider *self = SB_RENEWING_PROVIDER (provider);
  SbRenewingProviderClass *klass = SB_RENEWING_PROVIDER_GET_CLASS (self);
  SbRenewingProviderPrivate *priv = sb_renewing_provider_get_instance_private (self);
  gint64 asked = g_get_monotonic_time ();
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&priv->lock);
  g_autoptr (GError) local = NULL;
  SbCredentials *fetched;

  if (klass->is_stale != NULL && klass->is_stale (self))
    g_clear_pointer (&priv->credentials, sb_credentials_unref);
  if (!is_good_for (priv->credentials, MARGIN))
    {
      fetched = fetch_once (self, NULL, NULL, asked, cancellable, &local);
      if (fetched != NULL)
        take (priv, fetched);
      else if (!is_good_for (priv->credentials, 0))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
    }
  return sb_credentials_ref (priv->credentials);
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

static gboolean
sb_renewing_provider_renew (SbCredentialsProvider *provider,
                            SbCredentials *refused,
                            const GError *why,
                            GCancellable *cancellable,
                            GError **error)
{
  SbRenewingProvider *self = SB_RENEWING_PROVIDER (provider);
  SbRenewingProviderPrivate *priv = sb_renewing_provider_get_instance_private (self);
  gint64 asked = g_get_monotonic_time ();
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&priv->lock);
  SbCredentials *fetched;

  if (priv->credentials != NULL && !are_same (priv->credentials, refused))
    return TRUE;
  fetched = fetch_once (self, refused, why, asked, cancellable, error);
  if (fetched == NULL)
    return FALSE;
  take (priv, fetched);
  return !are_same (fetched, refused);
}

static void
provider_iface_init (SbCredentialsProviderInterface *iface)
{
  iface->get = sb_renewing_provider_get;
  iface->renew = sb_renewing_provider_renew;
}

static void
sb_renewing_provider_finalize (GObject *object)
{
  SbRenewingProviderPrivate *priv =
      sb_renewing_provider_get_instance_private (SB_RENEWING_PROVIDER (object));

  g_clear_pointer (&priv->credentials, sb_credentials_unref);
  g_mutex_clear (&priv->lock);

  G_OBJECT_CLASS (sb_renewing_provider_parent_class)->finalize (object);
}

static void
sb_renewing_provider_class_init (SbRenewingProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_renewing_provider_finalize;
}

static void
sb_renewing_provider_init (SbRenewingProvider *self)
{
  SbRenewingProviderPrivate *priv = sb_renewing_provider_get_instance_private (self);

  g_mutex_init (&priv->lock);
}

/**
 * sb_renewing_provider_set:
 * @self: a provider that nobody has asked yet
 * @credentials: what is known already, and need not be fetched
 */
void
sb_renewing_provider_set (SbRenewingProvider *self, SbCredentials *credentials)
{
  SbRenewingProviderPrivate *priv = sb_renewing_provider_get_instance_private (self);

  priv->credentials = sb_credentials_ref (credentials);
}
