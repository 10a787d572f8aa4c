"""Makes confidences honest and says when a picture is probably no digit; both are fitted on validation digits only."""

import torch
import torch.nn.functional as F
from torch import Tensor

CALIBRATION_METHOD = "temperature scaling (Guo et al., 2017)"
REJECTION_SCORE = "cross-entropy of the uniform distribution with the calibrated softmax (Hendrycks et al., 2019)"
REFUSED_SHARE = 0.004  # share of true validation digits that the threshold refuses


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature that minimises the negative log likelihood of softmax(logits / temperature).

    Args:
        logits: float32 (N, C).
        labels: int64 (N,).
    """
    log_temperature = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_temperature], max_iter=100, line_search_fn="strong_wolfe")
    logits = logits.double()

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(logits / log_temperature.exp(), labels)
        loss.backward()
        return loss

    optimiser.step(closure)
    return float(log_temperature.detach().exp())


def rejection_score(probabilities: Tensor) -> Tensor:
    """How surely each row of probabilities, float32 (N, C), belongs to some class: float32 (N,), in nats.

    It is the cross-entropy of the uniform distribution with the row (Hendrycks, Mazeika and Dietterich, 2019): log C
    where all classes are equally likely, and higher the less likely most classes are. A 4 that may be a 9 scores high:
    eight classes are ruled out. A letter scores low: it rules out none.
    """
    least = torch.finfo(probabilities.dtype).tiny
    return -probabilities.clamp_min(least).log().mean(dim=1)


def rejection_threshold(probabilities: Tensor, refused_share: float = REFUSED_SHARE) -> float:
    """The rejection score that `refused_share` of these true digits' probabilities, float32 (N, C), do not reach."""
    return float(torch.quantile(rejection_score(probabilities), refused_share))


def expected_calibration_error(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equally wide bins (Naeini et al., 2015), weighted by their size.

    Args:
        probabilities: float32 (N, C).
        labels: int64 (N,).
    """
    confidence, predicted = probabilities.max(dim=1)
    gap = confidence.double() - (predicted == labels).double()
    bin_of = (confidence * bins).long().clamp(max=bins - 1)
    return float(torch.zeros(bins, dtype=torch.float64).index_add(0, bin_of, gap).abs().sum() / len(labels))
