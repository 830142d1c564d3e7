/* sb-colour.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-colour.h"

/* A pixel that is nearly grey gets little of more saturation: its hue is noise. Less than this part
 * of full saturation is nearly grey. */
#define NEARLY_GREY 0.25f

static inline float
clamp (float value)
{
  value = value < 0 ? 0 : value;
  return value > 1 ? 1 : value;
}

/* One of the colours again; @at is where on the circle of twelve its peak is. */
static inline guint8
mix (float at, float lightness, float amount)
{
  float k = at >= 12 ? at - 12 : at;
  float up = k - 3, down = 9 - k;
  float ramp = up < down ? up : down;

  ramp = ramp > 1 ? 1 : ramp;
  ramp = ramp < -1 ? -1 : ramp;
  return (guint8) (int) (255 * clamp (lightness - amount * ramp) + 0.5f);
}

/**
 * sb_colour_shift:
 * @pixels: @n values of red, then @n of green, then @n of blue
 * @n: how many pixels
 * @hue: what is added to the hue, in degrees, -360 to 360
 * @saturation: what is added to the saturation, -1 to 1
 * @lightness: what is added to the lightness, -1 to 1
 *
 * Colours become hue, saturation and lightness, and colours again.
 */
void
sb_colour_shift (guint8 *pixels, gsize n, float hue, float saturation, float lightness)
{
  guint8 *reds = pixels, *greens = pixels + n, *blues = pixels + 2 * n;
  float turn = hue / 30 + 12;

  /* No branches: the compiler makes it of operations on many pixels at a time. */
  for (gsize i = 0; i < n; i++)
    {
      float r = (float) reds[i] / 255, g = (float) greens[i] / 255, b = (float) blues[i] / 255;
      float most = r > g ? r : g, least = r < g ? r : g;
      float range, sum, room, h, s, l, to_red, to_green, to_blue;

      most = most > b ? most : b;
      least = least < b ? least : b;
      range = most - least;
      sum = most + least;
      room = sum < 1 ? sum : 2 - sum;
      s = range / (room + 1e-6f);
      to_red = (g - b) / (range + 1e-6f) * 2;
      to_green = (b - r) / (range + 1e-6f) * 2 + 4;
      to_blue = (r - g) / (range + 1e-6f) * 2 + 8;
      h = most == g ? to_green : to_blue;
      h = most == r ? to_red : h;
      h += turn;
      h = h >= 24 ? h - 24 : h;
      h = h >= 12 ? h - 12 : h;
      l = clamp (sum / 2 + lightness);
      s = clamp (s + saturation * (s < NEARLY_GREY ? s / NEARLY_GREY : 1));
      s *= l < 0.5f ? l : 1 - l;
      reds[i] = mix (h, l, s);
      greens[i] = mix (h + 8, l, s);
      blues[i] = mix (h + 4, l, s);
    }
}
