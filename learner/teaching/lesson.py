"""One teaching: from the champion and corrections to a candidate in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from learner.gate.judgement import MNIST_FURTHER_IN_ALL, ORIGIN, allows, origin_of
from learner.gate.pairs import Pair
from learner.sets import MNIST_VALIDATION, Sets
from learner.teaching.candidate import write_candidate
from learner.teaching.examples import Example, Examples, hold_back, rewritten, see, weights
from learner.teaching.tuning import TuningConfig, blended, tune
from learner.teaching.unfreezing import unfreeze
from model.artifacts import MODEL_FILE, read_labels
from model.data.digits import Digits
from model.errors import ArtifactError
from model.recogniser import Recogniser
from model.torchscript import load_network
from model.training.batches import network_logits
from release.archive import LABELS, labels_of

SHARES = (1.0, 0.85, 0.7, 0.5, 0.35, 0.25, 0.15)
"""Of the way from the champion's weights to the tuned ones, in the order in which they are tried."""

MOST_OF_ONE_KEY = 0.2
"""Of the corrections' weight, for those of one key behind a gateway."""

CANDIDATE = "candidate"  # the folder of its files, in the run folder
Report = Callable[[float, str], object]


@dataclass(frozen=True)
class Lesson:
    """What a teaching gave.

    Attributes:
        folder: of the candidate's files.
        taught: the corrections that it learned.
        held_back: those that it did not, to judge it by.
    """

    folder: Path
    taught: Examples
    held_back: Examples


def teach(
    champion: Path,
    corrections: Sequence[Example],
    run_folder: Path,
    seed: int,
    report: Report,
    *,
    sets: Sets,
    most_of_one_key: float = 1.0,
    config: TuningConfig | None = None,
) -> Lesson:
    """Teach a copy of the champion, write it to `run_folder`, and change nothing else.

    Args:
        champion: folder of its TorchScript, its metadata and, where they are its own, its labels.
        corrections: 1 to `learner.teaching.examples.MAX_EXAMPLES`.
        run_folder: for the candidate's files; created if missing.
        seed: the same one, the same champion and corrections give the same weights on the same machine.
        report: called with the share that is done, in [0, 1], and what is being done, in words.
        sets: of `learner.sets.prepared_sets`.
        most_of_one_key: share of all corrections' weight that one key's may have; `MOST_OF_ONE_KEY` behind a gateway.
        config: how to tune; its seed is `seed`.

    Raises:
        DataError, InvalidImage: the corrections cannot be learned from; names which.
        ArtifactError: the champion is broken, cannot be taught, or reads no digits.
        OSError: the candidate cannot be written.
    """
    if read_labels(labels_of(champion)) != read_labels(LABELS):
        raise ArtifactError(f"the champion in {champion} reads classes of its own; only a reader of digits is taught")
    recogniser = Recogniser.load_folder(champion, labels_of(champion))
    network = unfreeze(champion / MODEL_FILE).to(memory_format=torch.channels_last)  # twice as fast
    count = len(corrections)
    report(0.0, f"looking at {count} corrections")
    taught, held_back = hold_back(see(corrections, lambda done: report(0.3 * done / count, "looking at corrections")))
    config = replace(config or TuningConfig(seed), seed=seed)

    variants, owners = rewritten(taught, seed)
    each = weights(taught, most_of_one_key)
    spread = (each / torch.bincount(owners))[owners]
    report(0.3, f"learning {len(taught)} of them")
    # Cloned, for what is computed in inference mode cannot be learned from.
    answers = network_logits(load_network(champion / MODEL_FILE), sets.rehearsal.images).clone()
    tuned = tune(
        network,
        variants,
        spread,
        sets.rehearsal,
        answers,
        config,
        lambda done: report(0.3 + 0.5 * done, "learning them"),
    )
    report(0.8, "comparing with the champion on validation digits")
    share, origin, result = _as_far_as_allowed(network, tuned, sets, recogniser)
    teaching = {
        "seed": seed,
        "config": asdict(config),
        "corrections": [example.id for example in taught.sources],
        "held_back": [example.id for example in held_back.sources],
        "share": share,
        ORIGIN: origin,
    }
    report(0.9, "calibrating")
    folder = run_folder / CANDIDATE
    write_candidate(result, recogniser.metadata, teaching, sets, folder)
    report(1.0, "taught")
    return Lesson(folder, taught, held_back)


def _as_far_as_allowed(
    network: nn.Sequential, tuned: nn.Sequential, sets: Sets, champion: Recogniser
) -> tuple[float, Mapping[str, Any], nn.Sequential]:
    """The network that lies as far towards the tuned one as the gate's rows of errors allow.

    Returns:
        Which of `SHARES` of the way that is, the last where none is allowed; where the line of teachings began; and
        the network.
    """
    every = list((sets.validation | sets.elsewhere).items())
    before = {name: _right(network, digits) for name, digits in every}
    origin = origin_of(champion, int((~before[MNIST_VALIDATION]).sum()))
    most_in_all = int(origin["errors"]) + MNIST_FURTHER_IN_ALL * len(before[MNIST_VALIDATION]) // 5_000

    def is_allowed(blend: nn.Sequential, name: str, digits: Digits) -> bool:
        pair = Pair.of(before[name], _right(blend, digits))
        return allows(name, pair) and (name != MNIST_VALIDATION or pair.now <= most_in_all)

    for share in SHARES:
        blend = blended(network, tuned, share)
        forbids = next((each for each in every if not is_allowed(blend, *each)), None)
        if forbids is None:
            break
        every.remove(forbids)
        every.insert(0, forbids)  # it most likely forbids the next share too, and is then the only one asked
    return share, origin, blend


def _right(network: nn.Sequential, digits: Digits) -> Tensor:
    return network_logits(network, digits.images).argmax(dim=1) == digits.labels
