# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads handwritten digits with TensorFlow 2, on Amazon SageMaker or on this computer.

Training: entry point of a TensorFlow training job, on one or more hosts. The channels `train` and
`validation` hold MNIST's IDX files, gzip or not. MultiWorkerMirroredStrategy keeps the networks of
all hosts alike; SageMaker sets TF_CONFIG for it when the job asks for that distribution, and the
script sets it itself otherwise.

Serving: the SavedModel `1/` goes to TensorFlow Serving as it is. It takes {"instances": [784
numbers, …]}, ink from 0 to 255, and answers {"predictions": [{"classes": digit, "probabilities":
[ten numbers]}, …]}.

Tested without TensorFlow: that Python compiles it, how it reads digits and hyperparameters, which
cluster it makes of SageMaker's environment, and by a stand-in for the module `tensorflow` which of
its functions are called with what, on one host and on two. It has not been run with TensorFlow.
"""
import argparse
import gzip
import json
import os
import struct
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

SIDE = 28
PORT = 8890


def read_idx(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        data = file.read()
    dims = data[3]
    shape = struct.unpack(f">{dims}I", data[4:4 + 4 * dims])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dims).reshape(shape)


def load(folder):
    """Digits of a channel: the file of three dimensions has the images, the other the labels."""
    arrays = [read_idx(path) for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    images = next(array for array in arrays if array.ndim == 3)
    labels = next(array for array in arrays if array.ndim == 1)
    return images.reshape(-1, SIDE * SIDE).astype(np.float32), labels.astype(np.int64)


def set_cluster(hosts, current):
    """TF_CONFIG as SageMaker's container writes it for a MultiWorkerMirroredStrategy."""
    if len(hosts) > 1:
        os.environ.setdefault("TF_CONFIG", json.dumps({
            "cluster": {"worker": [f"{host}:{PORT}" for host in hosts]},
            "task": {"type": "worker", "index": hosts.index(current)},
        }))


def make_dataset(images, labels, batch, shuffle):
    data = tf.data.Dataset.from_tensor_slices((images, labels))
    if shuffle:
        data = data.shuffle(len(labels)).repeat()
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return data.batch(batch, drop_remainder=shuffle).with_options(options)


def make_network(dropout):
    layers = tf.keras.layers
    return tf.keras.Sequential([
        layers.Reshape((SIDE, SIDE, 1), input_shape=(SIDE * SIDE,)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(16, 5, strides=2, padding="same", activation="relu"),
        layers.Conv2D(32, 5, strides=2, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(10),
    ])


def tell(epoch, logs):
    line = f"epoch={epoch + 1} train_loss={logs['loss']:.6f} train_accuracy={logs['accuracy']:.6f}"
    if "val_loss" in logs:
        line += f" validation_loss={logs['val_loss']:.6f}"
        line += f" validation_accuracy={logs['val_accuracy']:.6f}"
    print(line, flush=True)


def train(args):
    set_cluster(args.hosts, args.current_host)
    tf.random.set_seed(args.seed)
    # Before anything else of TensorFlow is used: it starts the servers of the cluster.
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    batch = args.batch_size * len(args.hosts)
    images, labels = load(args.train)
    held_out = make_dataset(*load(args.validation), batch, False) if args.validation else None
    with strategy.scope():
        network = make_network(args.dropout)
        network.compile(
            optimizer=tf.keras.optimizers.Adam(args.learning_rate),
            loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
    first = args.current_host == args.hosts[0]
    network.fit(
        make_dataset(images, labels, batch, True),
        epochs=args.epochs,
        steps_per_epoch=len(labels) // batch,
        validation_data=held_out,
        callbacks=[tf.keras.callbacks.LambdaCallback(on_epoch_end=tell)] if first else [],
        verbose=0,
    )
    save(network, args.model_dir if first else tempfile.mkdtemp(prefix="model-"))


def save(network, folder):
    """All workers have to save, for they do it together; only the first one's copy is kept."""
    def read(image):
        probabilities = tf.nn.softmax(network(image, training=False))
        return {"classes": tf.argmax(probabilities, 1), "probabilities": probabilities}

    signature = tf.function(
        read, input_signature=[tf.TensorSpec([None, SIDE * SIDE], tf.float32, name="image")]
    )
    tf.saved_model.save(
        network, os.path.join(folder, "1"), signatures={"serving_default": signature}
    )


def parse_args(given=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch_size", type=int, default=64, help="of each worker")
    parser.add_argument("--learning_rate", type=float, default=0.002)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--validation", default=os.environ.get("SM_CHANNEL_VALIDATION"))
    parser.add_argument("--hosts", type=json.loads, default=os.environ.get("SM_HOSTS", '["algo-1"]'))
    parser.add_argument("--current-host", default=os.environ.get("SM_CURRENT_HOST", "algo-1"))
    # The Python SDK gives --model_dir, a folder in S3 that this script has no need of.
    args, _ = parser.parse_known_args(given)
    args.model_dir = os.environ.get("SM_MODEL_DIR")
    return args


if __name__ == "__main__":
    train(parse_args())
