/* sb-jupyter.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-jupyter.h"

#include <libsoup/soup.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define TIMEOUT_S 60

typedef struct
{
  SoupSession *session;
  SoupCookieJar *jar;
  GUri *start; /* what signs in */
  GCancellable *cancellable;
} Server;

static void
server_clear (Server *self)
{
  g_clear_object (&self->session);
  g_clear_object (&self->jar);
  g_clear_pointer (&self->start, g_uri_unref);
}

/* A path of the server, without what signs in: the cookies do that from now on. */
static GUri *
make_uri (Server *self, const char *path, const char *query)
{
  const char *base = g_uri_get_path (self->start);
  gsize length = strlen (base);
  g_autofree char *whole = NULL;

  while (length > 0 && base[length - 1] == '/')
    length--;
  whole = g_strdup_printf ("%.*s%s", (int) length, base, path);
  return g_uri_build (SOUP_HTTP_URI_FLAGS,
                      g_uri_get_scheme (self->start),
                      NULL,
                      g_uri_get_host (self->start),
                      g_uri_get_port (self->start),
                      whole,
                      query,
                      NULL);
}

static gboolean
send (Server *self, SoupMessage *message, guint *status, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GBytes) body =
      soup_session_send_and_read (self->session, message, self->cancellable, &local);

  *status = soup_message_get_status (message);
  if (body != NULL)
    return TRUE;
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error, SB_ERROR, SB_ERROR_NETWORK, "Jupyter does not answer: %s", local->message);
  return FALSE;
}

static gboolean
get (Server *self, GUri *uri, guint *status, GError **error)
{
  g_autoptr (SoupMessage) message = soup_message_new_from_uri ("GET", uri);

  return send (self, message, status, error);
}

/* Jupyter wants its own cookie back in a header, so that no other page can write in its name. */
static void
add_token (Server *self, SoupMessage *message)
{
  GSList *cookies =
      soup_cookie_jar_get_cookie_list (self->jar, soup_message_get_uri (message), TRUE);

  for (GSList *item = cookies; item != NULL; item = item->next)
    if (strcmp (soup_cookie_get_name (item->data), "_xsrf") == 0)
      soup_message_headers_replace (soup_message_get_request_headers (message),
                                    "X-XSRFToken",
                                    soup_cookie_get_value (item->data));
  g_slist_free_full (cookies, (GDestroyNotify) soup_cookie_free);
}

static gboolean
put (Server *self, const char *path, JsonObject *contents, GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (path, "/", FALSE);
  g_autofree char *whole = g_strconcat ("/api/contents/", escaped, NULL);
  g_autoptr (GUri) uri = make_uri (self, whole, NULL);
  g_autoptr (SoupMessage) message = soup_message_new_from_uri ("PUT", uri);
  g_autofree char *text = sb_json_to_string (contents);
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));
  guint status;

  add_token (self, message);
  soup_message_set_request_body_from_bytes (message, "application/json", body);
  if (!send (self, message, &status, error))
    return FALSE;
  if (status == SOUP_STATUS_OK || status == SOUP_STATUS_CREATED)
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_SERVICE,
               "Jupyter does not take “%s”: %u %s",
               path,
               status,
               soup_message_get_reason_phrase (message));
  return FALSE;
}

static gboolean
sign_in (Server *self, GError **error)
{
  guint status;

  if (!get (self, self->start, &status, error))
    return FALSE;
  if (status == SOUP_STATUS_OK)
    return TRUE;
  g_set_error (error, SB_ERROR, SB_ERROR_DENIED, "Jupyter does not let in: %u", status);
  return FALSE;
}

/* JupyterLab where there is one, else Jupyter's classic pages. */
static char *
find_page (Server *self, const char *folder, const char *name)
{
  g_autoptr (GUri) lab = make_uri (self, "/lab", NULL);
  g_autofree char *path = NULL;
  g_autofree char *escaped = NULL;
  g_autofree char *whole = NULL;
  g_autoptr (GUri) page = NULL;
  guint status = 0;
  gboolean has_lab = get (self, lab, &status, NULL) && status == SOUP_STATUS_OK;

  path = g_strdup_printf ("%s/%s", folder, name);
  escaped = g_uri_escape_string (path, "/", FALSE);
  whole = g_strconcat (has_lab ? "/lab/tree/" : "/notebooks/", escaped, NULL);
  page = make_uri (self, whole, NULL);
  return g_uri_to_string (page);
}

static gboolean
server_init (Server *self, const char *url, GCancellable *cancellable, GError **error)
{
  self->start = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, error);
  if (self->start == NULL)
    return FALSE;
  self->cancellable = cancellable;
  self->jar = soup_cookie_jar_new ();
  self->session =
      soup_session_new_with_options ("timeout", TIMEOUT_S, "user-agent", "Sagebrush ", NULL);
  soup_session_add_feature (self->session, SOUP_SESSION_FEATURE (self->jar));
  if (g_strcmp0 (g_uri_get_host (self->start), "127.0.0.1") == 0)
    soup_session_set_proxy_resolver (self->session, NULL);
  return TRUE;
}

/**
 * sb_jupyter_upload:
 * @url: opens the server, with what signs in, such as AuthorizedUrl
 * @folder: name of a folder that is not there yet
 * @name: name of the notebook in it, with .ipynb
 * @notebook: the notebook
 * @cancellable: (nullable): to stop it
 * @error: %SB_ERROR_NETWORK, %SB_ERROR_DENIED or %SB_ERROR_SERVICE
 *
 * Blocks: to be called in a worker thread.
 *
 * Returns: (transfer full) (nullable): URL of the notebook's page, without what signs in
 */
char *
sb_jupyter_upload (const char *url,
                   const char *folder,
                   const char *name,
                   JsonObject *notebook,
                   GCancellable *cancellable,
                   GError **error)
{
  Server self = { 0 };
  g_autoptr (JsonObject) place = sb_json_object_new ("type", "s", "directory", NULL);
  g_autoptr (JsonObject) file = sb_json_object_new ("type",
                                                    "s",
                                                    "notebook",
                                                    "format",
                                                    "s",
                                                    "json",
                                                    "content",
                                                    "o",
                                                    json_object_ref (notebook),
                                                    NULL);
  g_autofree char *path = g_strdup_printf ("%s/%s", folder, name);
  char *page = NULL;

  if (server_init (&self, url, cancellable, error) && sign_in (&self, error) &&
      put (&self, folder, place, error) && put (&self, path, file, error))
    page = find_page (&self, folder, name);
  server_clear (&self);
  return page;
}
