"""Draws what every teaching needs, once: `python -m learner.jobs.prepare`."""

from learner.jobs.process import end_with_learner
from learner.sets import prepared_sets
from model.errors import OperatorError
from model.locations import data_folder
from release.versions.locations import state_folder

if __name__ == "__main__":
    end_with_learner()
    try:
        prepared_sets(data_folder(), state_folder())
    except (OperatorError, OSError) as error:
        raise SystemExit(str(error)) from error
