"""A configuration is checked when it is made, so that no command line or learner can start a training without sense."""

from typing import Any

import pytest

from model.training.configuration import TrainingConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "epochs is 0; at least 1 is accepted"),
        ({"classes": 1}, "classes is 1; at least 2 is accepted"),
        ({"batch_size": 1}, "batch_size is 1; at least 2 is accepted"),
        ({"final_strength": 1.5}, r"final_strength is 1\.5; at most 1 is accepted"),
        ({"learning_rate": 0.0}, r"learning_rate is 0\.0; it must be above 0"),
        ({"schedule": "linear"}, "schedule is 'linear'; accepted are one-cycle, cosine, plateau"),
        ({"nondigit_kinds": "letters"}, "nondigit_kinds is 'letters'; accepted are all, scribbles"),
        ({"network": "resnet"}, "network is 'resnet'; accepted are .*digit_cnn"),
    ],
)
def test_what_is_not_accepted_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainingConfig(**values)


def test_the_defaults_and_the_limits_are_accepted() -> None:
    TrainingConfig()
    TrainingConfig(epochs=1, batch_size=2, nondigits=0, pen_variants=0, final_strength=0)
