/* sb-static-provider.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-static-provider.h"

/**
 * SbStaticProvider:
 *
 * Credentials that are known already, such as those a person has just typed.
 */
struct _SbStaticProvider
{
  GObject parent_instance;

  SbCredentials *credentials;
};

static SbCredentials *
sb_static_provider_get (SbCredentialsProvider *provider, GCancellable *cancellable, GError **error)
{
  return sb_credentials_ref (SB_STATIC_PROVIDER (provider)->credentials);
}

static void
provider_iface_init (SbCredentialsProviderInterface *iface)
{
  iface->get = sb_static_provider_get;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SbStaticProvider,
                               sb_static_provider,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SB_TYPE_CREDENTIALS_PROVIDER,
                                                      provider_iface_init))

static void
sb_static_provider_finalize (GObject *object)
{
  SbStaticProvider *self = SB_STATIC_PROVIDER (object);

  g_clear_pointer (&self->credentials, sb_credentials_unref);

  G_OBJECT_CLASS (sb_static_provider_parent_class)->finalize (object);
}

static void
sb_static_provider_class_init (SbStaticProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_static_provider_finalize;
}

static void
sb_static_provider_init (SbStaticProvider *self)
{
}

/**
 * sb_static_provider_new:
 * @credentials: (transfer none): the credentials
 *
 * Returns: (transfer full): a provider that always gives @credentials
 */
SbCredentialsProvider *
sb_static_provider_new (SbCredentials *credentials)
{
  SbStaticProvider *self;

  g_return_val_if_fail (credentials != NULL, NULL);

  self = g_object_new (SB_TYPE_STATIC_PROVIDER, NULL);
  self->credentials = sb_credentials_ref (credentials);
  return SB_CREDENTIALS_PROVIDER (self);
}
