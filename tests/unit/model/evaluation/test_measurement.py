"""What is measured: digits, and no model of other classes."""

import pytest

from model.artifacts import read_metadata
from model.errors import ArtifactError
from model.evaluation.measurement import check_reads_digits
from model.locations import RELEASED
from model.recogniser import Recogniser
from release.archive import LABELS

METADATA = RELEASED / "mnist.json"


def test_a_model_of_other_classes_is_not_measured_on_digits() -> None:
    check_reads_digits(Recogniser.load_folder(RELEASED, LABELS))
    letters = Recogniser(lambda images: images, read_metadata(METADATA), list("ABC"))
    with pytest.raises(ArtifactError, match="covers digits only, and this model reads A, B, C; `make export`"):
        check_reads_digits(letters)
