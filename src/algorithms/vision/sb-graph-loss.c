/* sb-graph-loss.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-graph-private.h"

#include <math.h>
#include <string.h>

/* Returns the logarithm of the sum of the exponentials. */
static double
softmax (const float *logits, int n, float *probabilities)
{
  float most = logits[0];
  double sum = 0;

  for (int i = 1; i < n; i++)
    most = MAX (most, logits[i]);
  for (int i = 0; i < n; i++)
    {
      probabilities[i] = expf (logits[i] - most);
      sum += probabilities[i];
    }
  for (int i = 0; i < n; i++)
    probabilities[i] = (float) (probabilities[i] / sum);
  return most + log (sum);
}

static const float *
get_row (const SbGraph *self, int row)
{
  return (const float *) self->logits->data + (gsize) row * (gsize) self->net->n_classes;
}

/**
 * sb_graph_get_probabilities:
 * @self: a graph whose forward pass has run
 * @row: which image
 * @probabilities: (out): room for one number per class; their sum is 1
 */
void
sb_graph_get_probabilities (const SbGraph *self, int row, float *probabilities)
{
  softmax (get_row (self, row), self->net->n_classes, probabilities);
}

static float
sigmoid (float logit)
{
  return 1 / (1 + expf (-logit));
}

/**
 * sb_graph_get_probabilities_multi:
 * @self: a graph whose forward pass has run
 * @row: which image
 * @probabilities: (out): room for one number per class, each from 0 to 1
 */
void
sb_graph_get_probabilities_multi (const SbGraph *self, int row, float *probabilities)
{
  const float *logits = get_row (self, row);

  for (int i = 0; i < self->net->n_classes; i++)
    probabilities[i] = sigmoid (logits[i]);
}

/**
 * sb_graph_set_smoothing:
 * @self: a training graph
 * @smoothing: the share of each label that sb_graph_loss() spreads evenly over all classes
 */
void
sb_graph_set_smoothing (SbGraph *self, double smoothing)
{
  self->smoothing = smoothing;
}

static int
find_best (const float *values, int n)
{
  int best = 0;

  for (int i = 1; i < n; i++)
    if (values[i] > values[best])
      best = i;
  return best;
}

static double
weight_of (const float *class_weights, int i)
{
  return class_weights != NULL ? class_weights[i] : 1;
}

/* The loss of one image; @diff becomes its gradient by the logits. */
static double
take_loss (const SbGraph *self,
           const float *logits,
           int label,
           const float *class_weights,
           double scale,
           float *diff)
{
  int n = self->net->n_classes;
  double all = softmax (logits, n, diff);
  double share = self->smoothing / n;
  double target = (1 - self->smoothing) * weight_of (class_weights, label);
  double loss = target * (all - logits[label]), whole = target;

  if (share > 0)
    for (int i = 0; i < n; i++)
      {
        loss += share * weight_of (class_weights, i) * (all - logits[i]);
        whole += share * weight_of (class_weights, i);
      }
  for (int i = 0; i < n; i++)
    diff[i] = (float) (scale * (whole * diff[i] - share * weight_of (class_weights, i)));
  diff[label] -= (float) (scale * target);
  return loss;
}

/**
 * sb_graph_loss:
 * @self: a training graph whose forward pass has run
 * @labels: one per image; below zero for a row that does not count
 * @class_weights: (nullable): one per class: how much its images count
 * @scale: of the gradients: 1 / the number of images in all workers' batches, or 1 / the sum of
 *   their weights
 * @n_right: (out): how many images were classified rightly
 *
 * Takes the softmax cross-entropy, with label smoothing when it is set, as PyTorch's
 * `cross_entropy (…, weight, reduction="sum", label_smoothing)`.
 *
 * Returns: the sum of the images' cross-entropies, each times its class's weight
 */
double
sb_graph_loss (SbGraph *self,
               const int *labels,
               const float *class_weights,
               double scale,
               guint *n_right)
{
  int n = self->net->n_classes;
  float *diff = self->diff_logits->data;
  double loss = 0;

  *n_right = 0;
  for (int row = 0; row < self->batch; row++, diff += n)
    {
      const float *logits = get_row (self, row);

      if (labels[row] < 0)
        {
          memset (diff, 0, (gsize) n * sizeof (float));
          continue;
        }
      loss += take_loss (self, logits, labels[row], class_weights, scale, diff);
      *n_right += find_best (logits, n) == labels[row] ? 1 : 0;
    }
  return loss;
}

/**
 * sb_graph_loss_multi:
 * @self: a training graph whose forward pass has run
 * @targets: batch × classes numbers: 1 where an image is of a class, 0 where it is not; a row that
 *   begins with a number below zero does not count
 * @class_weights: (nullable): one per class: how much it counts
 * @scale: of the gradients: 1 / (images in all workers' batches × classes) for the mean
 * @n_right: (out): how many of the batch × classes answers are right: above one half where the
 *   target is
 *
 * Takes the sigmoid cross-entropy of images that may be of several classes at once.
 *
 * Returns: the sum over all images and classes, each times its class's weight
 */
double
sb_graph_loss_multi (SbGraph *self,
                     const float *targets,
                     const float *class_weights,
                     double scale,
                     guint *n_right)
{
  int n = self->net->n_classes;
  float *diff = self->diff_logits->data;
  double loss = 0;

  *n_right = 0;
  for (int row = 0; row < self->batch; row++, diff += n, targets += n)
    {
      const float *logits = get_row (self, row);

      if (targets[0] < 0)
        {
          memset (diff, 0, (gsize) n * sizeof (float));
          continue;
        }
      for (int i = 0; i < n; i++)
        {
          double weight = weight_of (class_weights, i);

          /* -t·log σ(x) - (1 - t)·log (1 - σ(x)), without overflow. */
          loss += weight * (MAX (logits[i], 0) - (double) logits[i] * targets[i] +
                            log1p (exp (-fabs ((double) logits[i]))));
          diff[i] = (float) (scale * weight * (sigmoid (logits[i]) - targets[i]));
          *n_right += (logits[i] > 0) == (targets[i] > 0.5f) ? 1 : 0;
        }
    }
  return loss;
}
