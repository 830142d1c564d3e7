/* sb-asker.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "wire/sb-credentials.h"
#include "wire/sb-secret.h"

G_BEGIN_DECLS

#define SB_TYPE_ASKER (sb_asker_get_type ())
G_DECLARE_INTERFACE (SbAsker, sb_asker, SB, ASKER, GObject)

/**
 * SbSignIn:
 * @uri: the page to open in a browser
 * @uri_complete: (nullable): the same page with the code filled in
 * @user_code: the code to compare or to enter there
 * @expires: until when that has to be done, in seconds since 1970
 *
 * What a person needs in order to sign in. Borrows everything.
 */
typedef struct
{
  const char *uri;
  const char *uri_complete;
  const char *user_code;
  gint64 expires;
} SbSignIn;

/**
 * SbAskerInterface:
 * @ask_code: asks for the code that a device shows
 * @ask_keys: asks for an access key in place of one that is no longer good
 * @begin_sign_in: shows what a person needs in order to sign in, and returns at once
 * @end_sign_in: takes that away, whether it succeeded or not
 *
 * Whoever can ask the person: a window, or a terminal. All are called in threads that may wait, by
 * one at a time for the same credentials.
 */
struct _SbAskerInterface
{
  GTypeInterface parent_iface;

  SbSecret *(*ask_code) (SbAsker *self,
                         const char *who,
                         const char *device,
                         GCancellable *cancellable,
                         GError **error);
  SbCredentials *(*ask_keys) (SbAsker *self,
                              const char *who,
                              const char *access_key_id,
                              const GError *why,
                              GCancellable *cancellable,
                              GError **error);
  gboolean (*begin_sign_in) (SbAsker *self,
                             const char *who,
                             const SbSignIn *sign_in,
                             GCancellable *stop,
                             GError **error);
  void (*end_sign_in) (SbAsker *self);
};

void sb_asker_set_hushed (gboolean now);
SbSecret *sb_asker_ask_code (SbAsker *self,
                             const char *who,
                             const char *device,
                             GCancellable *cancellable,
                             GError **error);
SbCredentials *sb_asker_ask_keys (SbAsker *self,
                                  const char *who,
                                  const char *access_key_id,
                                  const GError *why,
                                  GCancellable *cancellable,
                                  GError **error);
gboolean sb_asker_begin_sign_in (SbAsker *self,
                                 const char *who,
                                 const SbSignIn *sign_in,
                                 GCancellable *stop,
                                 GError **error);
void sb_asker_end_sign_in (SbAsker *self);

G_END_DECLS
