"""Makes confidences honest and says when a picture is probably no digit; both are fitted on validation digits only."""

import torch
import torch.nn.functional as F
from torch import Tensor

CALIBRATION_METHOD = "temperature scaling (Guo et al., 2017)"
REJECTION_SCORE = "cross-entropy of the uniform distribution with the calibrated softmax (Hendrycks et al., 2019)"
REFUSED_SHARE = 0.004  # of true validation digits, refused at the threshold


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


def sureness(probabilities: Tensor) -> Tensor:
    """How far from undecided each row of probabilities, float32 (N, C), is: float32 (N,), in nats.

    It is the cross-entropy of the uniform distribution with them (Hendrycks, Mazeika and Dietterich, 2019): log C where
    all classes are as likely, more the less likely most of them are. A 4 that may be a 9 is still surely a digit: it
    has two likely classes and eight that are out of the question, where a letter has none that is.
    """
    least = torch.finfo(probabilities.dtype).tiny
    return -probabilities.clamp_min(least).log().mean(dim=1)


def rejection_threshold(probabilities: Tensor, refused_share: float = REFUSED_SHARE) -> float:
    """The sureness that `refused_share` of these true digits' probabilities, float32 (N, C), do not reach."""
    return float(torch.quantile(sureness(probabilities), refused_share))


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
