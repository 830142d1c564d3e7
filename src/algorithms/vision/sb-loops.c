/* sb-loops.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is done to every number of a tensor, padding included, in 32 bit or in bfloat16. All tensors
 * of a call have one layout.
 */

#include "config.h"

#include "algorithms/vision/sb-bf16.h"
#include "algorithms/vision/sb-graph-private.h"

#include <string.h>

static gssize
count_of (const SbTensor *tensor, dnnl_data_type_t type)
{
  return (gssize) (tensor->size / (type == dnnl_bf16 ? sizeof (guint16) : sizeof (float)));
}

void
sb_loop_relu (const SbTensor *from, SbTensor *to, dnnl_data_type_t type)
{
  gssize count = count_of (from, type);

  if (type == dnnl_bf16)
    {
      const gint16 *x = from->data;
      gint16 *y = to->data;

#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        y[i] = x[i] > 0 ? x[i] : 0;
    }
  else
    {
      const float *x = from->data;
      float *y = to->data;

#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        y[i] = x[i] > 0 ? x[i] : 0;
    }
}

void
sb_loop_add (const SbTensor *a,
             const SbTensor *b,
             SbTensor *to,
             gboolean relu,
             dnnl_data_type_t type)
{
  gssize count = count_of (to, type);
  float least = relu ? 0 : -G_MAXFLOAT;

  if (type == dnnl_bf16)
    {
      const guint16 *x = a->data, *z = b->data;
      guint16 *y = to->data;

#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        {
          float sum = sb_bf16_widen (x[i]) + sb_bf16_widen (z[i]);

          y[i] = sb_bf16_round (sum < least ? least : sum);
        }
    }
  else
    {
      const float *x = a->data, *z = b->data;
      float *y = to->data;

#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        {
          float sum = x[i] + z[i];

          y[i] = sum < least ? least : sum;
        }
    }
}

static void
gradient_bf16 (const SbSum *sum, gssize count)
{
  const guint16 *a = sum->a->data, *b = sum->b != NULL ? sum->b->data : NULL;
  const guint16 *y = sum->y != NULL ? sum->y->data : NULL;
  guint16 *out = sum->out->data;
  float factor = sum->factor;

  if (b == NULL && y == NULL)
    memmove (out, a, sum->out->size);
  else if (b == NULL)
    {
#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        {
          guint16 value = sb_bf16_round (sb_bf16_widen (a[i]) * factor);

          out[i] = (y[i] & 0x7fff) != 0 ? value : 0;
        }
    }
  else if (y == NULL)
    {
#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        out[i] = sb_bf16_round (sb_bf16_widen (a[i]) + sb_bf16_widen (b[i]));
    }
  else
    {
#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        {
          guint16 value = sb_bf16_round ((sb_bf16_widen (a[i]) + sb_bf16_widen (b[i])) * factor);

          out[i] = (y[i] & 0x7fff) != 0 ? value : 0;
        }
    }
}

/* The gradient passes where the value passed: it is not below zero, and zero where it did not. What
 * is read whatever the value is can be computed many numbers at once. */
void
sb_loop_gradient (const SbSum *sum, dnnl_data_type_t type)
{
  gssize count = count_of (sum->out, type);
  const float *a = sum->a->data, *b = sum->b != NULL ? sum->b->data : NULL;
  const float *y = sum->y != NULL ? sum->y->data : NULL;
  float *out = sum->out->data;
  float factor = sum->factor;

  if (type == dnnl_bf16)
    {
      gradient_bf16 (sum, count);
      return;
    }
  if (b == NULL && y == NULL)
    {
      memmove (out, a, sum->out->size);
      return;
    }
  if (b == NULL)
    {
#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        {
          float value = a[i] * factor;

          out[i] = y[i] != 0 ? value : 0;
        }
    }
  else if (y == NULL)
    {
#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        out[i] = a[i] + b[i];
    }
  else
    {
#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        {
          float value = (a[i] + b[i]) * factor;

          out[i] = y[i] != 0 ? value : 0;
        }
    }
}

/* What is kept grows, so that the mean stays. What is dropped can be told by its zero. */
void
sb_loop_drop (const SbTensor *from,
              SbTensor *to,
              double rate,
              SbRandom *random,
              dnnl_data_type_t type)
{
  gssize count = count_of (from, type);
  float factor = (float) (1 / (1 - rate));
  guint32 limit = (guint32) (rate * 65536);
  const guint16 *from_halves = from->data;
  const float *from_values = from->data;
  guint16 *halves = to->data;
  float *values = to->data;
  guint64 bits = 0;

  for (gssize i = 0; i < count; i++)
    {
      gboolean gone;

      if (i % 4 == 0)
        bits = sb_random_next (random);
      gone = (bits & 0xffff) < limit;
      bits >>= 16;
      if (type == dnnl_bf16)
        halves[i] = gone ? 0 : sb_bf16_round (sb_bf16_widen (from_halves[i]) * factor);
      else
        values[i] = gone ? 0 : from_values[i] * factor;
    }
}
