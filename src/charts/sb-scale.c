/* sb-scale.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "charts/sb-scale.h"

#include <math.h>
#include <string.h>

/* More ticks than this is a mistake in the arithmetic, never a wish. */
#define MOST_TICKS            200
#define NARROW_NO_BREAK_SPACE "\u202f"
#define MINUS                 "\u2212"

/**
 * sb_scale_map:
 * @value: anything
 *
 * Returns: from 0 at min to 1 at max, beyond them outside; NaN where @value has no place
 */
double
sb_scale_map (const SbScale *self, double value)
{
  if (self->kind == SB_SCALE_LOG)
    return value > 0 ? log (value / self->min) / log (self->max / self->min) : NAN;
  return (value - self->min) / (self->max - self->min);
}

/**
 * sb_scale_unmap:
 * @place: as sb_scale_map() gives it
 *
 * Returns: the value there
 */
double
sb_scale_unmap (const SbScale *self, double place)
{
  if (self->kind == SB_SCALE_LOG)
    return self->min * pow (self->max / self->min, place);
  return self->min + place * (self->max - self->min);
}

/**
 * sb_scale_widen:
 *
 * Makes a scale of one value, or of none, one that can be drawn: it gets room on both sides.
 */
void
sb_scale_widen (SbScale *self)
{
  if (!isfinite (self->min) || !isfinite (self->max) || self->min > self->max)
    {
      self->min = self->kind == SB_SCALE_LOG ? 1 : 0;
      self->max = self->kind == SB_SCALE_LOG ? 10 : 1;
    }
  if (self->kind == SB_SCALE_LOG)
    {
      if (!(self->min > 0))
        self->min = self->max > 0 ? self->max / 10 : 1;
      if (!(self->max > self->min * (1 + 1e-9)))
        {
          self->min /= 2;
          self->max = self->min * 4;
        }
    }
  else if (!(self->max - self->min > fabs (self->max) * 1e-12))
    {
      double room = self->max == 0 || self->whole ? 1 : fabs (self->max) * 0.1;

      self->min -= room;
      self->max += room;
    }
}

/* The smallest of 1, 2 and 5 times a power of ten that is not below. */
static double
nice_step (double least, gboolean whole)
{
  double power = pow (10, floor (log10 (least)));
  double rest = least / power;
  double step = power * (rest <= 1 + 1e-9 ? 1 : rest <= 2 + 1e-9 ? 2 : rest <= 5 + 1e-9 ? 5 : 10);

  return whole ? MAX (step, 1) : step;
}

static double
linear_step (const SbScale *self, guint max_ticks)
{
  return nice_step ((self->max - self->min) / MAX (max_ticks, 1), self->whole);
}

/* The nearest of 1, 2 and 5 times a power of ten, at or below, or at or above. */
static double
nice_log_bound (double value, gboolean above)
{
  static const double factors[] = { 1, 2, 5, 10 };
  double power = pow (10, floor (log10 (value)));
  double rest = value / power;

  if (above)
    {
      for (guint i = 0; i < G_N_ELEMENTS (factors); i++)
        if (factors[i] >= rest * (1 - 1e-9))
          return power * factors[i];
      return power * 10;
    }
  for (guint i = G_N_ELEMENTS (factors); i > 0; i--)
    if (factors[i - 1] <= rest * (1 + 1e-9))
      return power * factors[i - 1];
  return power;
}

/**
 * sb_scale_make_nice:
 * @max_ticks: about how many ticks there will be at most
 *
 * Moves the ends outwards to round values.
 */
void
sb_scale_make_nice (SbScale *self, guint max_ticks)
{
  if (self->kind == SB_SCALE_LOG)
    {
      self->min = nice_log_bound (self->min, FALSE);
      self->max = nice_log_bound (self->max, TRUE);
    }
  else
    {
      double step = linear_step (self, max_ticks);

      self->min = floor (self->min / step + 1e-9) * step;
      self->max = ceil (self->max / step - 1e-9) * step;
    }
}

static void
add_linear_ticks (const SbScale *self, guint max_ticks, GArray *ticks, double *step)
{
  double wide = self->max - self->min;
  double first;

  *step = linear_step (self, max_ticks);
  first = ceil (self->min / *step - 1e-9);
  for (guint i = 0; i < MOST_TICKS; i++)
    {
      /* Multiplied, not added up, so that no error grows; + 0.0 turns -0 into 0. */
      double tick = (first + i) * *step + 0.0;

      if (self->kind == SB_SCALE_LOG && !(tick > 0))
        continue;
      if (tick > self->max + wide * 1e-9)
        break;
      g_array_append_val (ticks, tick);
    }
}

static void
add_log_ticks (const SbScale *self, guint max_ticks, GArray *ticks)
{
  static const int factors[] = { 1, 2, 5 };
  int low = (int) floor (log10 (self->min) + 1e-9);
  int high = (int) ceil (log10 (self->max) - 1e-9);
  int stride = MAX (1, (high - low + 1 + (int) max_ticks - 1) / MAX ((int) max_ticks, 1));
  guint between = (guint) (high - low) * 3 <= max_ticks ? G_N_ELEMENTS (factors) : 1;

  for (int power = low; power <= high && ticks->len < MOST_TICKS; power += stride)
    for (guint i = 0; i < between; i++)
      {
        double tick = factors[i] * pow (10, power);

        if (tick >= self->min * (1 - 1e-9) && tick <= self->max * (1 + 1e-9))
          g_array_append_val (ticks, tick);
      }
}

/**
 * sb_scale_get_ticks:
 * @max_ticks: about how many at most
 * @step: (out): the distance of two ticks, or 0 where it varies, for sb_number_format()
 *
 * Returns: (transfer full) (element-type double): round values within the scale, rising
 */
GArray *
sb_scale_get_ticks (const SbScale *self, guint max_ticks, double *step)
{
  GArray *ticks = g_array_new (FALSE, FALSE, sizeof (double));

  *step = 0;
  if (self->kind == SB_SCALE_LOG)
    add_log_ticks (self, max_ticks, ticks);
  /* Less than a decade can hold one power of ten or none. */
  if (ticks->len < 2)
    {
      g_array_set_size (ticks, 0);
      add_linear_ticks (self, max_ticks, ticks, step);
    }
  return ticks;
}

/* Groups of three from five digits on, so that a year stays whole. */
static char *
group_digits (const char *plain)
{
  GString *text = g_string_new (NULL);
  gsize whole;

  if (*plain == '-')
    {
      /* What rounds to nothing is not less than nothing. */
      if (strspn (plain + 1, "0.,") < strlen (plain + 1))
        g_string_append (text, MINUS);
      plain++;
    }
  whole = strspn (plain, "0123456789");
  for (gsize i = 0; i < whole; i++)
    {
      if (whole >= 5 && i > 0 && (whole - i) % 3 == 0)
        g_string_append (text, NARROW_NO_BREAK_SPACE);
      g_string_append_c (text, plain[i]);
    }
  g_string_append (text, plain + whole);
  return g_string_free (text, FALSE);
}

static char *
format_scientific (double value)
{
  static const char *const digits[] = { "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹" };
  int power = (int) floor (log10 (fabs (value)) + 1e-12);
  double factor = value / pow (10, power);
  g_autofree char *exponent = g_strdup_printf ("%d", ABS (power));
  GString *text = g_string_new (value < 0 ? MINUS : NULL);

  if (fabs (fabs (factor) - 1) > 1e-9)
    g_string_append_printf (text, "%.3g × ", fabs (factor));
  g_string_append (text, "10");
  if (power < 0)
    g_string_append (text, "⁻");
  for (const char *c = exponent; *c != '\0'; c++)
    g_string_append (text, digits[*c - '0']);
  return g_string_free (text, FALSE);
}

static void
drop_trailing_zeros (char *text)
{
  char *point = text + strspn (text, "-0123456789");
  char *end = text + strlen (text);

  if (*point == '\0')
    return;
  while (end > point + 1 && end[-1] == '0')
    *--end = '\0';
  if (end == point + 1)
    *point = '\0';
}

/* Decimals that tell ticks @step apart; for a value alone, those of four leading digits. */
static int
decimals_for (double value, double step)
{
  if (step > 0)
    return CLAMP ((int) -floor (log10 (step) + 1e-9), 0, 12);
  if (value == 0)
    return 0;
  return CLAMP (3 - (int) floor (log10 (fabs (value))), 0, 9);
}

/**
 * sb_number_format:
 * @value: anything
 * @format: how
 * @step: the distance of two ticks on the axis, or 0 for a value that stands alone
 *
 * Writes a number for people: in their locale, with a true minus sign and groups of three digits.
 *
 * Returns: (transfer full): the text, “–” for a value that is none
 */
char *
sb_number_format (double value, SbNumberFormat format, double step)
{
  g_autofree char *plain = NULL;
  g_autofree char *grouped = NULL;
  double factor = format == SB_NUMBER_FORMAT_PERCENT ? 100 : 1;

  if (isnan (value))
    return g_strdup ("–");
  if (isinf (value))
    return g_strdup (value > 0 ? "∞" : MINUS "∞");
  if (format != SB_NUMBER_FORMAT_INTEGER && value != 0 &&
      (fabs (value) >= 1e9 || (step == 0 && fabs (value) < 1e-4) || (step > 0 && step < 1e-7)))
    return format_scientific (value);
  plain =
      format == SB_NUMBER_FORMAT_INTEGER
          ? g_strdup_printf ("%.0f", value)
          : g_strdup_printf ("%.*f", decimals_for (value * factor, step * factor), value * factor);
  if (step == 0)
    drop_trailing_zeros (plain);
  grouped = group_digits (plain);
  return factor == 1 ? g_steal_pointer (&grouped)
                     : g_strconcat (grouped, NARROW_NO_BREAK_SPACE "%", NULL);
}
