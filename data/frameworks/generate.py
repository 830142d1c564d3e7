#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes frameworks.json: which framework images SageMaker has, and whose they are in each Region.

    python3 generate.py PYTHON-SDK COMMIT       (in this folder)

PYTHON-SDK is a checkout, or the git directory, of https://github.com/aws/sagemaker-python-sdk. Its
image_uri_config/*.json (Apache-2.0) say it; what is taken from them are facts: versions, versions
of Python, repositories, and the accounts by Region.
"""
import json
import subprocess
import sys
from pathlib import Path

FOLDER = "sagemaker-core/src/sagemaker/core/image_uri_config"
FRAMEWORKS = ("pytorch", "tensorflow")
SCOPES = ("training", "inference")


def read(repository, commit, name):
    command = ["git", "-C", repository, "show", f"{commit}:{FOLDER}/{name}.json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def is_container(version, repository):
    if repository.startswith("tensorflow-"):
        return int(version.split(".")[0]) >= 2
    return repository.startswith("pytorch-")


def shorten(config, registries):
    """Versions whose images are Deep Learning Containers: those before have other contracts."""
    versions = {}
    for name, version in config["versions"].items():
        if "repository" not in version or not is_container(name, version["repository"]):
            continue
        accounts = dict(sorted(version["registries"].items()))
        if accounts not in registries:
            registries.append(accounts)
        versions[name] = {"Registries": registries.index(accounts)}
        python = version.get("py_versions", config.get("py_versions"))
        if python:
            versions[name]["Python"] = [text for text in python if text != "py2"]
    aliases = {short: full for short, full in config["version_aliases"].items() if full in versions}
    repository = next(config["versions"][name]["repository"] for name in versions)
    return {"Repository": repository, "Aliases": aliases, "Versions": versions}


def main():
    repository, commit = sys.argv[1:]
    registries, frameworks = [], {}
    for name in FRAMEWORKS:
        config = read(repository, commit, name)
        frameworks[name] = {scope: shorten(config[scope], registries) for scope in SCOPES}
    document = {
        "Source": f"https://github.com/aws/sagemaker-python-sdk at {commit}, {FOLDER}",
        "Frameworks": frameworks,
        "Registries": registries,
    }
    Path("frameworks.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
