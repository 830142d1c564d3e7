# SPDX-License-Identifier: GPL-3.0-or-later
"""Becomes the user's script, as SageMaker's Training Toolkit starts it.

    python3 sagebrush_train.py

Reads what a training container finds below $SM_PREFIX, installs what the script asks for, sets the
SM_* environment and gives the process over to the script: whoever started this watches the script
itself. Nothing of this file is left in it.
"""
import json
import os
import site
import subprocess
import sys
from pathlib import Path

PREFIX = Path(os.environ["SM_PREFIX"])
CODE = PREFIX / "code"
# Hyperparameters that speak to the toolkit and are not passed on.
CONTROL = {"default_user_module_name", "_tuning_objective_metric"}
# Names of the switches that the Python SDK sets for `distribution`.
LAUNCH_TORCH = "sagemaker_torch_distributed_enabled"
LAUNCH_MIRRORED = "sagemaker_multi_worker_mirrored_strategy_enabled"
LAUNCH_SERVERS = "sagemaker_parameter_server_enabled"
CANNOT = {
    "sagemaker_mpi_enabled": "MPI",
    "sagemaker_distributed_dataparallel_enabled": "SageMaker's data parallel library",
    LAUNCH_SERVERS: "parameter servers",
}


def fail(kind, code, message, command=""):
    """Says why in the words that the toolkit has for it, where the service looks for them."""
    text = f'{kind}:\nExitCode {code}\nErrorMessage "{message[-700:]}"'
    if command:
        text += f'\nCommand "{command[:200]}"'
    (PREFIX / "output").mkdir(exist_ok=True)
    (PREFIX / "output" / "failure").write_text(text, encoding="utf-8")
    print(text, file=sys.stderr, flush=True)
    sys.exit(code or 1)


def read_config(name):
    path = PREFIX / "input" / "config" / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def decode(value):
    """The SDK writes every hyperparameter as JSON; others write plain text."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


def env_text(value):
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def arg_text(value):
    if value is None:
        return ""
    if isinstance(value, dict):
        return ",".join(f"{key}={item}" for key, item in sorted(value.items()))
    return str(value)


def make_arguments(hyperparameters):
    """`--name value`, in the order of the names; `-x value` for a name of one letter."""
    arguments = []
    for name, value in sorted(hyperparameters.items()):
        arguments += [("--" if len(name) > 1 else "-") + name, arg_text(value)]
    return arguments


def count_gpus():
    folder = Path("/proc/driver/nvidia/gpus")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


class Training:
    """What the script is told of the job."""

    def __init__(self):
        given = {name: decode(text) for name, text in read_config("hyperparameters.json").items()}
        self.control = {
            name: value for name, value in given.items()
            if name.startswith("sagemaker_") or name in CONTROL
        }
        self.hyperparameters = {k: v for k, v in given.items() if k not in self.control}
        self.resources = read_config("resourceconfig.json")
        self.channels = read_config("inputdataconfig.json")
        self.hosts = self.resources.get("hosts", ["algo-1"])
        self.host = self.resources.get("current_host", self.hosts[0])
        self.program = self.control.get("sagemaker_program") or "train.py"
        self.python = sys.executable

    def is_on(self, switch):
        return self.control.get(switch) is True

    def environment(self):
        """All that the toolkit sets, without what SM_TRAINING_ENV holds of it once more."""
        module = self.program[:-3] if self.program.endswith(".py") else self.program
        group = self.resources.get("current_group_name", "homogeneousCluster")
        groups = self.resources.get("instance_groups", [])
        values = {
            "hosts": self.hosts,
            "current_host": self.host,
            "network_interface_name": self.resources.get("network_interface_name", "lo"),
            "current_instance_type": self.resources.get("current_instance_type", "local"),
            "current_instance_group": group,
            "current_instance_group_hosts": next(
                (item["hosts"] for item in groups if item["instance_group_name"] == group),
                self.hosts,
            ),
            "instance_groups": [item["instance_group_name"] for item in groups],
            "instance_groups_dict": {item["instance_group_name"]: item for item in groups},
            "distribution_instance_groups": [],
            "is_hetero": len(groups) > 1,
            "hps": self.hyperparameters,
            "channels": sorted(self.channels),
            "resource_config": self.resources,
            "input_data_config": self.channels,
            "framework_params": {k: v for k, v in self.control.items() if k.startswith("sagemaker_")},
            "framework_module": "",
            "user_entry_point": self.program,
            "user_args": make_arguments(self.hyperparameters),
            "module_name": module,
            "module_dir": self.control.get("sagemaker_submit_directory") or str(CODE),
            "log_level": self.control.get("sagemaker_container_log_level", 20),
            "input_dir": str(PREFIX / "input"),
            "input_config_dir": str(PREFIX / "input" / "config"),
            "output_dir": str(PREFIX / "output"),
            "output_data_dir": str(PREFIX / "output" / "data"),
            "output_intermediate_dir": str(PREFIX / "output" / "intermediate"),
            "model_dir": str(PREFIX / "model"),
            "num_cpus": int(os.environ.get("SM_NUM_CPUS", os.cpu_count())),
            "num_gpus": count_gpus(),
            "num_neurons": 0,
        }
        values["training_env"] = dict(
            values,
            job_name=os.environ.get("TRAINING_JOB_NAME", ""),
            is_master=self.host == self.hosts[0],
            master_hostname=self.hosts[0],
            hyperparameters=self.hyperparameters,
            additional_framework_parameters=values["framework_params"],
            channel_input_dirs={name: str(PREFIX / "input" / "data" / name) for name in self.channels},
        )
        for name in self.channels:
            values["channel_" + name] = str(PREFIX / "input" / "data" / name)
        for name, value in self.hyperparameters.items():
            values["hp_" + name] = value
        return {"SM_" + name.upper(): env_text(value) for name, value in values.items()}

    def tensorflow_config(self):
        """TF_CONFIG of a MultiWorkerMirroredStrategy; each host has a port of its own here."""
        ports = os.environ["SAGEBRUSH_HOST_PORTS"].split(",")
        return json.dumps({
            "cluster": {"worker": [f"127.0.0.1:{port}" for port in ports]},
            "task": {"type": "worker", "index": self.hosts.index(self.host)},
            "environment": "cloud",
        })

    def check_launch(self):
        for switch, what in CANNOT.items():
            if self.is_on(switch):
                fail("ClientError", 1, f"The local engine does not start a script with {what}. "
                     "Turn that off: every host has MASTER_ADDR, MASTER_PORT, RANK and WORLD_SIZE.")

    def is_package(self):
        return (CODE / "setup.py").exists() and not self.program.endswith((".py", ".sh"))

    def command(self):
        if self.program.endswith(".sh"):
            return ["/bin/sh", self.program]
        script = ["-m", self.program] if self.is_package() else [self.program]
        if not self.is_on(LAUNCH_TORCH):
            return [self.python, "-u", *script]
        return [
            self.python, "-u", "-m", "torch.distributed.run",
            "--nnodes", str(len(self.hosts)), "--node_rank", str(self.hosts.index(self.host)),
            "--nproc_per_node", str(max(1, count_gpus())),
            "--master_addr", os.environ["MASTER_ADDR"], "--master_port", os.environ["MASTER_PORT"],
            *script,
        ]

    def install(self):
        """What the script asks for goes into a folder of the job, never into the user's Python."""
        wanted = []
        if (CODE / "requirements.txt").exists():
            wanted += ["-r", "requirements.txt"]
        if self.is_package():
            wanted += ["."]
        if not wanted:
            return
        folder = PREFIX / "venv"
        run_or_fail([sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", str(folder)])
        self.python = str(folder / "bin" / "python")
        let_see(folder)
        run_or_fail([self.python, "-m", "pip", "install", "--disable-pip-version-check", *wanted])

    def check_program(self):
        if not (CODE / self.program).exists() and not self.is_package():
            fail("ClientError", 1, f"The archive of sagemaker_submit_directory has no “{self.program}”, "
                 "which sagemaker_program names.")

    def run(self):
        self.check_launch()
        self.check_program()
        os.chdir(CODE)
        self.install()
        os.environ.update(self.environment())
        paths = [str(CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
        if self.is_on(LAUNCH_MIRRORED):
            os.environ["TF_CONFIG"] = self.tensorflow_config()
        command = self.command() + make_arguments(self.hyperparameters)
        # Whoever watches tells a failure's command from this.
        (PREFIX / "command").write_text(" ".join(command), encoding="utf-8")
        print("Invoking user script\n\n" + " ".join(command) + "\n", flush=True)
        os.execv(command[0], command)


def let_see(folder):
    """Whatever the user's Python sees, the job's own sees too, be that one of a venv itself."""
    paths = [path for path in site.getsitepackages() if Path(path).is_dir()]
    for packages in folder.glob("lib/python*/site-packages"):
        (packages / "user.pth").write_text("\n".join(paths) + "\n", encoding="utf-8")


def run_or_fail(command):
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if done.returncode:
        fail("InstallRequirementsError", done.returncode, done.stderr.strip(), " ".join(command))


if __name__ == "__main__":
    Training().run()
