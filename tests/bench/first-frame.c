/* first-frame.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Starts a program and prints the milliseconds until its first top-level window is mapped and has
 * been painted over at least half of its area; then ends it. Needs a display without a window
 * manager, so that top-level windows are children of the root.
 */

#include <X11/Xlib.h>
#include <X11/extensions/Xdamage.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_MS 60000.0

static double
now_ms (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return (double) ts.tv_sec * 1e3 + (double) ts.tv_nsec / 1e6;
}

static pid_t
start (char **argv)
{
  pid_t pid = fork ();

  if (pid == 0)
    {
      setpgid (0, 0);
      execvp (argv[0], argv);
      perror (argv[0]);
      _exit (127);
    }
  return pid;
}

/* Waits for the next event; 0 when the time is up. */
static int
next_event (Display *display, double deadline, XEvent *event)
{
  while (XPending (display) == 0)
    {
      struct pollfd fd = { ConnectionNumber (display), POLLIN, 0 };
      double left = deadline - now_ms ();

      if (left <= 0 || poll (&fd, 1, (int) left) <= 0)
        return 0;
    }
  XNextEvent (display, event);
  return 1;
}

static double
wait_for_frame (Display *display, int damage_event, double started)
{
  Window window = None;
  double area = 0;
  XEvent event;

  while (next_event (display, started + LIMIT_MS, &event))
    {
      if (event.type == MapNotify && window == None && !event.xmap.override_redirect)
        {
          XWindowAttributes attributes;

          if (!XGetWindowAttributes (display, event.xmap.window, &attributes) ||
              attributes.width < 100)
            continue;
          window = event.xmap.window;
          area = (double) attributes.width * attributes.height;
          XDamageCreate (display, window, XDamageReportRawRectangles);
        }
      else if (event.type == damage_event + XDamageNotify)
        {
          const XDamageNotifyEvent *damage = (const XDamageNotifyEvent *) &event;

          if ((double) damage->area.width * damage->area.height >= area / 2)
            return now_ms () - started;
        }
    }
  return -1;
}

int
main (int argc, char **argv)
{
  Display *display;
  int damage_event, damage_error;
  double started, taken;
  pid_t pid;

  if (argc < 2 || (display = XOpenDisplay (NULL)) == NULL ||
      !XDamageQueryExtension (display, &damage_event, &damage_error))
    {
      fprintf (stderr, "usage: first-frame PROGRAM [ARG...], with a display that has XDamage\n");
      return 2;
    }
  XSelectInput (display, DefaultRootWindow (display), SubstructureNotifyMask);
  XSync (display, False);
  started = now_ms ();
  pid = start (argv + 1);
  taken = wait_for_frame (display, damage_event, started);
  kill (-pid, SIGTERM);
  waitpid (pid, NULL, 0);
  XCloseDisplay (display);
  if (taken < 0)
    {
      fprintf (stderr, "no window was painted within %.0f s\n", LIMIT_MS / 1e3);
      return 1;
    }
  printf ("%.1f\n", taken);
  return 0;
}
