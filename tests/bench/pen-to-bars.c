/* pen-to-bars.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draws with the pointer on a canvas, again and again, and prints the median of the milliseconds
 * from lifting the pen until something is painted within another part of the window:
 *
 *   pen-to-bars CANVAS-X CANVAS-Y SIDE X Y WIDTH HEIGHT ROUNDS
 *
 * all of it in pixels of the root window.
 */

#include <X11/Xlib.h>
#include <X11/extensions/XTest.h>
#include <X11/extensions/Xdamage.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define QUIET_MS 250.0
#define LIMIT_MS 5000.0
#define POINTS   12

typedef struct
{
  int x, y, width, height;
} Area;

static double
now_ms (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return (double) ts.tv_sec * 1e3 + (double) ts.tv_nsec / 1e6;
}

static int
meets (const Area *area, const XRectangle *other)
{
  return other->x < area->x + area->width && area->x < other->x + other->width &&
         other->y < area->y + area->height && area->y < other->y + other->height;
}

/* Waits until something is painted there; the time then, or 0 when @wait_ms have passed. */
static double
wait_for_paint (Display *display, int damage_event, const Area *area, double wait_ms)
{
  double deadline = now_ms () + wait_ms;

  for (;;)
    {
      XEvent event;

      while (XPending (display) == 0)
        {
          struct pollfd fd = { ConnectionNumber (display), POLLIN, 0 };
          double left = deadline - now_ms ();

          if (left <= 0 || poll (&fd, 1, (int) left + 1) < 0)
            return 0;
        }
      XNextEvent (display, &event);
      if (event.type == damage_event + XDamageNotify)
        {
          const XDamageNotifyEvent *damage = (const XDamageNotifyEvent *) &event;

          if (area == NULL || meets (area, &damage->area))
            return now_ms ();
        }
    }
}

static void
be_quiet (Display *display, int damage_event)
{
  while (wait_for_paint (display, damage_event, NULL, QUIET_MS) > 0)
    continue;
}

/* A stroke from the top left to the bottom right, each time another; the last bit of it is timed.
 */
static double
draw (Display *display, int damage_event, const int canvas[3], const Area *area, int round)
{
  double lifted, painted;
  int x = canvas[0] + canvas[2] / 6 + round % 5 * canvas[2] / 8, y = canvas[1] + canvas[2] / 6;

  XTestFakeMotionEvent (display, -1, x, y, 0);
  XTestFakeButtonEvent (display, 1, True, 0);
  for (int i = 1; i <= POINTS; i++)
    {
      x += round % 2 ? canvas[2] / 40 : 0;
      y += canvas[2] / 24;
      XTestFakeMotionEvent (display, -1, x, y, 0);
      XSync (display, False);
    }
  be_quiet (display, damage_event);
  XTestFakeMotionEvent (display, -1, x + canvas[2] / 8, y + canvas[2] / 10, 0);
  XTestFakeButtonEvent (display, 1, False, 0);
  XSync (display, False);
  lifted = now_ms ();
  painted = wait_for_paint (display, damage_event, area, LIMIT_MS);
  be_quiet (display, damage_event);
  return painted > 0 ? painted - lifted : -1;
}

static int
compare (const void *a, const void *b)
{
  const double *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

int
main (int argc, char **argv)
{
  Display *display;
  int damage_event, damage_error, rounds, n = 0, canvas[3];
  Window root, parent, *children = NULL;
  unsigned int n_children = 0;
  double *times;
  Area area;

  if (argc != 9 || (display = XOpenDisplay (NULL)) == NULL ||
      !XDamageQueryExtension (display, &damage_event, &damage_error))
    return 2;
  for (int i = 0; i < 3; i++)
    canvas[i] = atoi (argv[1 + i]);
  area = (Area){ atoi (argv[4]), atoi (argv[5]), atoi (argv[6]), atoi (argv[7]) };
  rounds = atoi (argv[8]);
  XQueryTree (display, DefaultRootWindow (display), &root, &parent, &children, &n_children);
  for (unsigned int i = 0; i < n_children; i++)
    XDamageCreate (display, children[i], XDamageReportRawRectangles);
  times = calloc ((size_t) rounds + 1, sizeof *times);
  for (int i = 0; i < rounds; i++)
    {
      double took = draw (display, damage_event, canvas, &area, i);

      if (took >= 0)
        times[n++] = took;
    }
  if (n == 0)
    {
      fprintf (stderr, "nothing was painted there\n");
      return 1;
    }
  qsort (times, (size_t) n, sizeof *times, compare);
  printf ("%.2f\n", times[n / 2]);
  free (times);
  XCloseDisplay (display);
  return 0;
}
