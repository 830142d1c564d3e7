/* invoke-load.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sends the same POST over and over on kept-alive connections, signing each request anew, and
 * prints one JSON line: requests per second, median and 99th percentile in milliseconds.
 *
 *   invoke-load PORT PATH BODY-FILE CONTENT-TYPE CONNECTIONS REQUESTS [KEY-ID SECRET REGION]
 */

#include "wire/sb-sigv4.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256

typedef struct
{
  int port;
  const char *path;
  const char *content_type;
  char *body;
  gsize body_length;
  char *body_hash;
  SbCredentials *credentials;
  const char *region;
  guint64 wanted;
  guint64 sent;
  GArray *latencies;
} Load;

typedef struct
{
  int fd;
  gint64 started;
  GString *answer;
} Connection;

static void
fail (const char *what)
{
  fprintf (stderr, "%s: %s\n", what, g_strerror (errno));
  exit (1);
}

static int
connect_to (int port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons ((guint16) port) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (fd < 0 || connect (fd, (struct sockaddr *) &address, sizeof address) != 0)
    fail ("connect");
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static void
append_signature (GString *text, const Load *load, const char *host)
{
  SbHeader headers[] = { { (char *) "Host", (char *) host },
                         { (char *) "Content-Type", (char *) load->content_type } };
  SbSigv4Request request = { .method = "POST",
                             .path = load->path,
                             .headers = headers,
                             .n_headers = G_N_ELEMENTS (headers),
                             .payload_hash = load->body_hash,
                             .region = load->region,
                             .service = "sagemaker",
                             .time = g_get_real_time () / G_USEC_PER_SEC };
  g_autoptr (GPtrArray) added = sb_sigv4_sign (&request, load->credentials);

  for (guint i = 0; i < added->len; i++)
    {
      const SbHeader *header = g_ptr_array_index (added, i);

      g_string_append_printf (text, "%s: %s\r\n", header->name, header->value);
    }
}

static void
send_request (Load *load, Connection *connection)
{
  g_autofree char *host = g_strdup_printf ("127.0.0.1:%d", load->port);
  g_autoptr (GString) text = g_string_sized_new (1024);
  gsize done = 0;

  connection->started = g_get_monotonic_time ();
  g_string_append_printf (text,
                          "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n"
                          "Content-Length: %zu\r\n",
                          load->path,
                          host,
                          load->content_type,
                          load->body_length);
  if (load->credentials != NULL)
    append_signature (text, load, host);
  g_string_append (text, "\r\n");
  g_string_append_len (text, load->body, (gssize) load->body_length);
  while (done < text->len)
    {
      ssize_t n = write (connection->fd, text->str + done, text->len - done);

      if (n <= 0)
        fail ("write");
      done += (gsize) n;
    }
  load->sent++;
}

/* Whether a whole answer is there; anything but 200 ends the measurement. */
static gboolean
answer_is_complete (const GString *answer)
{
  const char *head_end = strstr (answer->str, "\r\n\r\n");
  g_autofree char *head = NULL;
  const char *length;

  if (head_end == NULL)
    return FALSE;
  if (strncmp (answer->str, "HTTP/1.1 200", 12) != 0)
    {
      fprintf (stderr, "%s\n", answer->str);
      exit (1);
    }
  head = g_ascii_strdown (answer->str, head_end - answer->str);
  length = strstr (head, "content-length:");
  if (length == NULL)
    {
      fprintf (stderr, "an answer without Content-Length\n");
      exit (1);
    }
  return answer->len >= (gsize) (head_end - answer->str) + 4 + strtoul (length + 15, NULL, 10);
}

static void
receive (Load *load, Connection *connection)
{
  char buffer[16384];
  ssize_t n = read (connection->fd, buffer, sizeof buffer);
  gint64 taken;

  if (n <= 0)
    fail ("read");
  g_string_append_len (connection->answer, buffer, n);
  if (!answer_is_complete (connection->answer))
    return;
  taken = g_get_monotonic_time () - connection->started;
  g_array_append_val (load->latencies, taken);
  g_string_truncate (connection->answer, 0);
  if (load->sent < load->wanted)
    send_request (load, connection);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 left = *(const gint64 *) a, right = *(const gint64 *) b;

  return (left > right) - (left < right);
}

static double
percentile (GArray *sorted, double share)
{
  guint index = (guint) (share * (sorted->len - 1) + 0.5);

  return (double) g_array_index (sorted, gint64, index) / 1000.0;
}

static void
run (Load *load, int n_connections)
{
  Connection connections[MAX_CONNECTIONS];
  struct epoll_event events[MAX_CONNECTIONS];
  int epoll = epoll_create1 (EPOLL_CLOEXEC);
  gint64 started = g_get_monotonic_time ();
  double seconds;

  for (int i = 0; i < n_connections; i++)
    {
      struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };

      connections[i].fd = connect_to (load->port);
      connections[i].answer = g_string_new (NULL);
      epoll_ctl (epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
      send_request (load, &connections[i]);
    }
  while (load->latencies->len < load->wanted)
    {
      int n = epoll_wait (epoll, events, n_connections, 60000);

      if (n <= 0)
        fail ("no answer within a minute");
      for (int i = 0; i < n; i++)
        receive (load, events[i].data.ptr);
    }
  seconds = (double) (g_get_monotonic_time () - started) / G_USEC_PER_SEC;
  g_array_sort (load->latencies, compare_times);
  printf ("{\"per_second\": %.1f, \"median\": %.4f, \"p99\": %.4f}\n",
          (double) load->wanted / seconds,
          percentile (load->latencies, 0.5),
          percentile (load->latencies, 0.99));
  for (int i = 0; i < n_connections; i++)
    {
      close (connections[i].fd);
      g_string_free (connections[i].answer, TRUE);
    }
  close (epoll);
}

int
main (int argc, char **argv)
{
  Load load = { 0 };
  int n_connections;

  if (argc != 7 && argc != 10)
    {
      fprintf (stderr,
               "usage: invoke-load PORT PATH BODY-FILE CONTENT-TYPE CONNECTIONS REQUESTS "
               "[KEY-ID SECRET REGION]\n");
      return 2;
    }
  load.port = atoi (argv[1]);
  load.path = argv[2];
  if (!g_file_get_contents (argv[3], &load.body, &load.body_length, NULL))
    fail (argv[3]);
  load.body_hash = sb_sha256_hex (load.body, (gssize) load.body_length);
  load.content_type = argv[4];
  n_connections = CLAMP (atoi (argv[5]), 1, MAX_CONNECTIONS);
  load.wanted = MAX (strtoull (argv[6], NULL, 10), (guint64) n_connections);
  if (argc == 10)
    {
      load.credentials = sb_credentials_new (argv[7], argv[8], NULL);
      load.region = argv[9];
    }
  load.latencies = g_array_new (FALSE, FALSE, sizeof (gint64));
  run (&load, n_connections);
  return 0;
}
