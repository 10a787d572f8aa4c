"""A whole report measured small: scikit-learn's digits, drawn ones, crosses that are none."""

from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits

from model.data.digits import Digits
from model.evaluation.example_pictures import ExamplePicture, augmented, corrupted_examples
from model.evaluation.measurement import EvaluationSets, measure_all
from model.evaluation.report import REPORTED, Gallery, versions
from model.evaluation.robustness import Pictures, robustness
from model.evaluation.speed import measure_speed
from model.locations import RELEASED, ROOT
from model.preprocessing.digit import digit_image
from model.recogniser import Recogniser
from release.open_archive import describe
from tests.drawing import draw, draw_digit

Results = dict[str, Any]
HOSTILE = "<script>alert('&')</script>"  # stands where names and commands stand


def seen_of(pictures: list[Image.Image]) -> torch.Tensor:
    return torch.from_numpy(np.stack([digit_image(picture) for picture in pictures]))


def small_report() -> tuple[Results, Gallery]:
    """What `model.evaluation.report.render` takes."""
    load = partial(Recogniser.load_folder, RELEASED, ROOT / "index_to_name.json")
    recogniser = load()
    bunch = load_digits()
    scans = [Image.fromarray(np.rint(image * (255 / 16)).astype(np.uint8)) for image in bunch.images[:300]]
    labels = torch.from_numpy(bunch.target[:300])
    labels[:4] = (labels[:4] + 1) % 10  # mistakes to show, however good the network
    drawn = [draw_digit(digit) for digit in range(10)]
    sets = {
        REPORTED: Digits(seen_of(scans), labels),
        HOSTILE: Digits(seen_of(drawn), torch.arange(10)),
    }
    crosses = seen_of([draw([[(0, y), (1, 1 - y)], [(0, 1 - y), (1, y)]], width=12) for y in (0.0, 0.1, 0.2)])
    nondigits = {"crosses": Digits(crosses, torch.full((3,), -1))}
    results = {
        "format": 1,
        "made": {"date": "2024-05-01", "command": f"evaluate {HOSTILE}", "commit": "", "versions": versions()},
        "model": describe(recogniser) | {"file": "mnist.mar", "bytes": 1, "sha256": "0" * 64},
        "labels": recogniser.labels,
        **measure_all(recogniser, EvaluationSets(sets, [HOSTILE], nondigits)),
        "robustness": robustness(recogniser, {"drawn": Pictures([np.asarray(one) for one in drawn], torch.arange(10))}),
        "speed": measure_speed(load, drawn[0]),
        "class_counts": {"drawn": [1] * 10},
        "training": {"epochs": epochs(3), "best_epoch": 2},
    }
    gallery = Gallery(
        sets,
        {"drawn": [ExamplePicture.of(str(digit), one) for digit, one in enumerate(drawn)]},
        corrupted_examples(np.asarray(drawn[3])),
        augmented(sets[HOSTILE], {}),
    )
    return results, gallery


def epochs(n: int) -> list[dict[str, float]]:
    """Records of a training of `n` epochs."""
    keys = ("training_loss", "validation_loss", "validation_accuracy", "learning_rate")
    return [{"epoch": i + 1, **dict.fromkeys(keys, 0.5 / (i + 1))} for i in range(n)]
