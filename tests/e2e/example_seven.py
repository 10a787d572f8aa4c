"""A seven as strokes, and the recogniser's answer to it."""

SEVEN = [[(0.28, 0.24), (0.5, 0.235), (0.7, 0.23), (0.58, 0.5), (0.47, 0.82)]]  # strokes, in units of the pad's side
RESULT = {
    "label": "7",
    "confidence": 0.9996,
    "recognised": True,
    "probabilities": {"7": 0.9996, "9": 0.0004, **dict.fromkeys("01234568", 0.0)},
    "model": "mnist",
    "version": "1.0",
}
