/* sb-terminal.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "app/sb-terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "wire/sb-error.h"

#define MAX_LINE  8192
#define CONTROL_C 3

/**
 * SbTerminal:
 *
 * The terminal that a command runs in, or what is piped into it.
 */
struct _SbTerminal
{
  GObject parent_instance;

  int fd; /* the terminal, or the standard input */
  gboolean is_tty;
  GMutex lock; /* one question at a time */
};

/* Line by line from the descriptor itself: a buffer would keep what it has read ahead. */
static SbSecret *
read_line (SbTerminal *self, GError **error)
{
  char line[MAX_LINE];
  gsize length = 0;
  SbSecret *text = NULL;
  gssize n;
  char c = '\0';

  while ((n = read (self->fd, &c, 1)) == 1 && c != '\n' && c != '\r' && c != CONTROL_C)
    if (length < sizeof line)
      line[length++] = c;
  if (c == CONTROL_C || (n <= 0 && length == 0 && self->is_tty))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Given up"));
  else if (n < 0)
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_INVALID,
                 _ ("The standard input could not be read: %s"),
                 g_strerror (errno));
  else if (length == sizeof line)
    g_set_error_literal (error, SB_ERROR, SB_ERROR_INVALID, _ ("The line is too long"));
  else
    text = sb_secret_ndup (line, length);
  sb_secret_wipe (line, sizeof line);
  return text;
}

static void
print_prompt (const char *prompt)
{
  fprintf (stderr, "%s ", prompt);
  fflush (stderr);
}

/* Without signals, so that the echo cannot stay off: Ctrl+C is read as what it is. */
static SbSecret *
read_hidden (SbTerminal *self, const char *prompt, GError **error)
{
  struct termios before, hidden;
  gboolean known = tcgetattr (self->fd, &before) == 0;
  SbSecret *text;

  if (known)
    {
      hidden = before;
      hidden.c_lflag &= ~(tcflag_t) (ECHO | ISIG | ICANON);
      tcsetattr (self->fd, TCSAFLUSH, &hidden);
    }
  print_prompt (prompt);
  text = read_line (self, error);
  if (known)
    tcsetattr (self->fd, TCSAFLUSH, &before);
  fputc ('\n', stderr);
  return text;
}

/**
 * sb_terminal_read:
 * @self: a terminal
 * @prompt: what is asked
 * @secret: whether what is typed must not be seen
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): one line; %G_IO_ERROR_CANCELLED when somebody gave up
 */
SbSecret *
sb_terminal_read (SbTerminal *self, const char *prompt, gboolean secret, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->is_tty && secret)
    return read_hidden (self, prompt, error);
  if (self->is_tty)
    print_prompt (prompt);
  return read_line (self, error);
}

/**
 * sb_terminal_read_keys:
 * @self: a terminal
 * @access_key_id: (nullable): the public part, when it is known
 * @error: return location for an error
 *
 * Asks for an access key: its id if need be, its secret, and a session token, which may be empty or
 * missing.
 *
 * Returns: (transfer full) (nullable): the key
 */
SbCredentials *
sb_terminal_read_keys (SbTerminal *self, const char *access_key_id, GError **error)
{
  g_autoptr (SbSecret) id = sb_secret_dup (access_key_id);
  g_autoptr (SbSecret) secret = NULL;
  g_autoptr (SbSecret) token = NULL;

  if (id == NULL)
    id = sb_terminal_read (self, _ ("Access key ID:"), FALSE, error);
  if (id != NULL)
    secret = sb_terminal_read (self, _ ("Secret access key (not shown):"), TRUE, error);
  if (secret != NULL)
    token = sb_terminal_read (self,
                              _ ("Session token, or Enter if there is none (not shown):"),
                              TRUE,
                              error);
  if (token == NULL)
    return NULL;
  if (*id != '\0' && *secret != '\0')
    return sb_credentials_new (id, secret, token);
  g_set_error_literal (error,
                       SB_ERROR,
                       SB_ERROR_INVALID,
                       _ ("An access key has an id and a secret; give each on a line of its own"));
  return NULL;
}

static SbSecret *
ask_code (SbAsker *asker,
          const char *who,
          const char *device,
          GCancellable *cancellable,
          GError **error)
{
  g_autofree char *prompt = g_strdup_printf (_ ("“%s”: code that %s shows:"), who, device);

  return sb_terminal_read (SB_TERMINAL (asker), prompt, FALSE, error);
}

static SbCredentials *
ask_keys (SbAsker *asker,
          const char *who,
          const char *access_key_id,
          const GError *why,
          GCancellable *cancellable,
          GError **error)
{
  fprintf (
      stderr, _ ("The access key %s of “%s” is not taken: %s\n"), access_key_id, who, why->message);
  return sb_terminal_read_keys (SB_TERMINAL (asker), NULL, error);
}

static gboolean
begin_sign_in (SbAsker *asker,
               const char *who,
               const SbSignIn *sign_in,
               GCancellable *stop,
               GError **error)
{
  fprintf (stderr,
           _ ("To sign in for “%s”, open\n  %s\nin a browser and confirm the code %s\n"),
           who,
           sign_in->uri_complete != NULL ? sign_in->uri_complete : sign_in->uri,
           sign_in->user_code);
  return TRUE;
}

static void
end_sign_in (SbAsker *asker)
{
}

static void
asker_iface_init (SbAskerInterface *iface)
{
  iface->ask_code = ask_code;
  iface->ask_keys = ask_keys;
  iface->begin_sign_in = begin_sign_in;
  iface->end_sign_in = end_sign_in;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SbTerminal,
                               sb_terminal,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SB_TYPE_ASKER, asker_iface_init))

static void
sb_terminal_finalize (GObject *object)
{
  SbTerminal *self = SB_TERMINAL (object);

  if (self->fd > STDIN_FILENO)
    close (self->fd);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (sb_terminal_parent_class)->finalize (object);
}

static void
sb_terminal_class_init (SbTerminalClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_terminal_finalize;
}

static void
sb_terminal_init (SbTerminal *self)
{
  g_mutex_init (&self->lock);
  self->fd = STDIN_FILENO;
  self->is_tty = isatty (STDIN_FILENO);
}

/**
 * sb_terminal_new:
 *
 * Returns: (transfer full): the standard input and what is behind it
 */
SbTerminal *
sb_terminal_new (void)
{
  return g_object_new (SB_TYPE_TERMINAL, NULL);
}

/**
 * sb_terminal_is_interactive:
 * @self: a terminal
 *
 * Returns: whether a person sits there
 */
gboolean
sb_terminal_is_interactive (SbTerminal *self)
{
  return self->is_tty;
}
