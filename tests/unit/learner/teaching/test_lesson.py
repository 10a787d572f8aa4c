"""A teaching on the released network: it learns what was corrected, keeps the rest, and can be taught again."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from learner.gate.judgement import ORIGIN, reads_rightly
from learner.sets import MNIST_VALIDATION, Sets
from learner.teaching.examples import Example, see
from learner.teaching.lesson import Lesson, teach
from learner.teaching.tuning import TuningConfig, tune
from learner.teaching.unfreezing import unfreeze
from model.artifacts import LABELS_FILE, METADATA_FILE, MODEL_FILE, read_metadata, write_json
from model.errors import ArtifactError
from model.locations import RELEASED
from model.recogniser import Recogniser
from model.training.batches import network_logits
from release.archive import LABELS
from tests.small_sets import slashed_zeros, small_sets

SHORT = TuningConfig(seed=0, steps=25, examples=16, rehearsed=32)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    """As a job has it: the same number of threads gives the same weights."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def sets() -> Sets:
    return small_sets()


def lesson(sets: Sets, folder: Path, corrections: list[Example], seed: int = 1, champion: Path = RELEASED) -> Lesson:
    return teach(champion, corrections, folder, seed, lambda share, words: None, sets=sets, config=SHORT)


def weights_of(lesson: Lesson) -> bytes:
    """All weights in a row; the file also holds names that count up with every network that a process compiles."""
    return b"".join(weight.detach().numpy().tobytes() for weight in unfreeze(lesson.folder / MODEL_FILE).parameters())


@pytest.fixture(scope="module")
def taught(sets: Sets, tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    return lesson(sets, tmp_path_factory.mktemp("taught"), slashed_zeros(20))


def test_it_learns_zeros_with_a_slash_and_reads_those_that_it_was_not_taught(taught: Lesson) -> None:
    others = see(slashed_zeros(60)[20:]).digits
    before = reads_rightly(Recogniser.load_folder(RELEASED, LABELS), others)
    now = reads_rightly(Recogniser.load_folder(taught.folder, LABELS), others)
    assert int((~now).sum()) <= 0.5 * int((~before).sum())
    assert int((~before).sum()) >= 20


def test_the_candidate_is_complete_and_calibrated_anew(taught: Lesson) -> None:
    champion, metadata = read_metadata(RELEASED / METADATA_FILE), read_metadata(taught.folder / METADATA_FILE)
    assert metadata["calibration"]["temperature"] != champion["calibration"]["temperature"]
    assert metadata["rejection"]["threshold"] != champion["rejection"]["threshold"]
    assert set(metadata["metrics"]) == {MNIST_VALIDATION, "pen strokes, canvas", "optical digits, 8x8"}
    assert metadata["training"] == champion["training"]
    teaching = metadata["teaching"]
    assert len(teaching["corrections"]) == 16
    assert len(teaching["held_back"]) == 4
    assert teaching["seed"] == teaching["config"]["seed"] == 1
    assert teaching[ORIGIN]["version"] == champion["version"]


def test_the_same_seed_gives_the_same_weights_and_another_seed_does_not(
    taught: Lesson, sets: Sets, tmp_path: Path
) -> None:
    again = lesson(sets, tmp_path / "again", slashed_zeros(20))
    other = lesson(sets, tmp_path / "other", slashed_zeros(20), seed=2)
    assert weights_of(taught) == weights_of(again)
    assert weights_of(taught) != weights_of(other)


def test_what_was_deleted_leaves_no_trace(sets: Sets, tmp_path: Path) -> None:
    """A teaching without a correction gives what it gives where that correction was never made."""
    kept = slashed_zeros(6)
    first = lesson(sets, tmp_path / "first", slashed_zeros(9))
    after = lesson(sets, tmp_path / "after", kept)
    never = lesson(sets, tmp_path / "never", slashed_zeros(6))
    assert weights_of(after) == weights_of(never)
    assert weights_of(after) != weights_of(first)
    assert [source.id for source in after.taught.sources] == [f"0-{number}" for number in range(6)]


def test_a_candidate_is_taught_again_and_remembers_where_the_line_began(
    taught: Lesson, sets: Sets, tmp_path: Path
) -> None:
    again = lesson(sets, tmp_path, slashed_zeros(30)[20:], champion=taught.folder)
    first, second = (read_metadata(one.folder / METADATA_FILE)["teaching"] for one in (taught, again))
    assert second[ORIGIN] == first[ORIGIN]
    assert len(weights_of(again)) == len(weights_of(taught))


def test_progress_rises_from_nothing_to_all_in_words(sets: Sets, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    teach(RELEASED, slashed_zeros(3), tmp_path, 1, lambda *one: told.append(one), sets=sets, config=SHORT)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert {words for _, words in told} >= {"looking at 3 corrections", "learning them", "calibrating"}


def test_a_share_that_one_key_may_not_exceed_teaches_less(sets: Sets) -> None:
    network, zeros = unfreeze(RELEASED / MODEL_FILE), see(slashed_zeros(20)).digits
    answers = network_logits(network, sets.rehearsal.images).clone()
    moved = []
    for share in (1.0, 0.2):
        tuned = tune(network, zeros, torch.full((len(zeros),), share / len(zeros)), sets.rehearsal, answers, SHORT)
        pairs = zip(network.parameters(), tuned.parameters(), strict=True)
        moved.append(sum(float((a - b).detach().square().sum()) for a, b in pairs))
    assert moved[1] < moved[0]


def test_a_champion_of_own_classes_is_not_taught(sets: Sets, tmp_path: Path) -> None:
    champion = tmp_path / "letters"
    champion.mkdir()
    write_json(champion / LABELS_FILE, {str(i): letter for i, letter in enumerate("abcdefghij")})
    with pytest.raises(ArtifactError, match="classes of its own"):
        lesson(sets, tmp_path / "run", slashed_zeros(3), champion=champion)
