"""Writes a released network as ONNX too, from its TorchScript, for runtimes other than PyTorch; ours do not use it."""

import json
import warnings
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import torch
from torch import Tensor

from model.artifacts import (
    METADATA_FILE,
    MODEL_FILE,
    MODEL_NAME,
    check_belong_together,
    read_labels,
    read_metadata,
    sha256_of,
    write_atomically,
)
from model.errors import ArtifactError
from model.preprocessing.digit import PREPROCESSING_VERSION, SIDE
from model.torchscript import load_differentiable
from model.training.batches import standardise, to_ink
from release.archive import labels_of

ONNX_FILE = f"{MODEL_NAME}.onnx"
OPSET = 17
"""Read by ONNX Runtime 1.12 and newer."""

INPUT, OUTPUT = "images", "logits"
LARGEST_DIFFERENCE = 1e-5  # between the logits of ONNX Runtime and of TorchScript
PARITY_BATCHES = (1, 2, 7, 64, 129)


def export_onnx(folder: Path, images: Tensor) -> Path:
    """Write `mnist.onnx` beside the released pair in `folder` and return it; the same pair gives the same bytes.

    Args:
        folder: holds `mnist.pt`, `mnist.json` and, for own classes, the labels.
        images: real pictures that it is checked with, uint8 (N, 28, 28); few are repeated.

    Raises:
        ArtifactError: the pair is missing or does not belong together, or the logits differ by more than
            `LARGEST_DIFFERENCE`; nothing is written.
        OSError: the file cannot be written.
    """
    metadata, labels = read_metadata(folder / METADATA_FILE), read_labels(labels_of(folder))
    check_belong_together(folder / MODEL_FILE, metadata, labels, PREPROCESSING_VERSION)

    def write(path: Path) -> None:
        _convert(load_differentiable(folder / MODEL_FILE), path)
        _describe(path, metadata, labels)
        check_onnx(path, folder, images)

    write_atomically(folder / ONNX_FILE, write)
    return folder / ONNX_FILE


def check_onnx(path: Path, folder: Path, images: Tensor) -> float:
    """Make sure that an ONNX file is of the TorchScript in `folder` and computes what it does.

    Args:
        path: the ONNX file.
        folder: holds `mnist.pt`.
        images: real pictures, uint8 (N, 28, 28); few are repeated.

    Returns:
        The largest difference between the logits, over batches of several sizes.

    Raises:
        ArtifactError: it is of another TorchScript, its metadata says, or the logits differ by more than
            `LARGEST_DIFFERENCE`.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # more of them spin, and a busy machine then takes minutes
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    made_from = session.get_modelmeta().custom_metadata_map.get("torchscript_sha256")
    if made_from != (expected := sha256_of(folder / MODEL_FILE)):
        raise ArtifactError(
            f"{path.name} was made from a {MODEL_FILE} of SHA-256 {made_from}, the one in {folder} has {expected}; "
            "write it anew with `make export ARGS=--onnx-only`"
        )
    script = load_differentiable(folder / MODEL_FILE)
    largest = 0.0
    with torch.inference_mode():
        for size in PARITY_BATCHES:
            batch = standardise(to_ink(images[torch.arange(size) % len(images)]))
            [logits] = session.run([OUTPUT], {INPUT: batch.numpy()})
            largest = max(largest, float((torch.from_numpy(logits) - script(batch)).abs().max()))
    if not largest <= LARGEST_DIFFERENCE:
        raise ArtifactError(f"the logits of {path.name} differ from TorchScript's by {largest:.1e}")
    return largest


def _convert(script: torch.jit.ScriptModule, path: Path) -> None:
    """The exporter that takes TorchScript, which a released network is kept as; PyTorch calls both deprecated."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", r".*(legacy TorchScript-based|The feature will be removed)", category=DeprecationWarning
        )
        warnings.filterwarnings("ignore", r"no signature found", category=UserWarning)  # of a script's arguments
        torch.onnx.export(
            script,
            (torch.zeros(2, 1, SIDE, SIDE),),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: "N"}, OUTPUT: {0: "N"}},
        )


def _describe(path: Path, metadata: dict[str, Any], labels: list[str]) -> None:
    """Say in the file what it is."""
    network = onnx.load(path)
    onnx.helper.set_model_props(
        network,
        {
            "model": metadata["model"],
            "version": metadata["version"],
            "labels": json.dumps(labels, ensure_ascii=False),
            "torchscript_sha256": metadata["torchscript"]["sha256"],
            "preprocessing": metadata["preprocessing"]["version"],
        },
    )
    onnx.checker.check_model(network, full_check=True)
    path.write_bytes(network.SerializeToString(deterministic=True))
